"""From a pair of images to a fused one: arrays in `fuser`, files in `files`.

The public names are in `mfjax` itself. Only `fuser` imports JAX.
"""
