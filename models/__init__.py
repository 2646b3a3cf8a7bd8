"""Hashtags for a clip: the inference pipeline, and the model bundle that it runs on."""
