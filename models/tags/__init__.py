"""Hashtags: their vector space, their co-occurrence in posts, and the choice of those to suggest."""
