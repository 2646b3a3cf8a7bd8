"""Offline training: from clips and posts to a bundle, in stages that can be interrupted and resumed."""
