"""How good a training is, on groups of clips and halves of posts kept apart."""
