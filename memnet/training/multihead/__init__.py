"""Training the multi-head memory network: lessons, batches, recipe, run."""
