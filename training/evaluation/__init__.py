"""How good a training is, measured on clips and posts that nothing was learnt from."""
