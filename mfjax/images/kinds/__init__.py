"""The kinds of image files: each file makes a `FORMAT` (`mfjax.images.formats.Format`), and none knows another."""
