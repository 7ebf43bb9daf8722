"""The type of a size, which stands alone, since rooms with and without JAX need it."""

Size = tuple[int, int]  # (height, width) in pixels
