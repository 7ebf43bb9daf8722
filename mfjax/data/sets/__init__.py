"""Public data sets of infrared and visible pairs, built once into TFDS records and then read at random.

`layouts` has a file for each set, which knows its files as its authors publish them. `checks` decides which pairs are
fit and measures how well they are registered, `builders` makes TFDS data sets of those, without TensorFlow, and
`built` reads them back.
"""
