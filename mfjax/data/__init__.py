"""Training data: folders of pairs, public data sets, degradation, batches, rendered scenes."""
