"""Hashtags: the space that they were learnt in, what goes with what, and which of them are suggested."""
