"""Fusing pairs of images: arrays in `fuser`, files in `files`.

The public names are in `mfjax` itself. What a command checks before it starts (`files`, `pairs`, `sizes`, `sources`,
`engines`) does not import JAX.
"""
