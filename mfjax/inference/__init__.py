"""Fusing pairs of images: arrays in `fuser`, by a model of `loading`; files in `files`.

The public names are in `mfjax` itself. What a command checks before it starts (`files`, `pairs`, `sizes`, `sources`,
`engines`) does not import JAX.
"""
