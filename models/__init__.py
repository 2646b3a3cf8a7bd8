"""The pipeline from a clip to its hashtags, and the bundle that holds what it learnt."""
