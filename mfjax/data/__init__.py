"""Training data: rendered scenes, folders of pairs, degradation, batches."""
