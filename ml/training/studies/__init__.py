"""One-off measurements behind decisions; the pipeline in `ml.training` imports none of them."""
