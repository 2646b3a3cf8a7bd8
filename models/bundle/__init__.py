"""A bundle: one folder with everything that was learnt and that inference needs.

::

    manifest.json           what it is, what from, how good, and the SHA-256 of every other file
    vocabulary.safetensors  PCA and Gaussian mixture of each descriptor block
    embedding.safetensors   the network from Fisher vectors to the tag space
    tags.json               stems, counts, display forms
    tagspace.faiss          tag vectors and their search index
    cooccurrence.safetensors  which tags go with which
    inflections.safetensors  what stands beside each inflection of a stem
    denied_tags.txt         tags that are never suggested
    trends.safetensors      tags by week, where the posts carry dates
    MODEL_CARD.md           data, licences, quality and limits, for people
    timings.json            how long training took; outside the hashes, so that like training gives like bundles

Nothing in it is pickled, so that opening a bundle cannot run code.
"""

from models.bundle.reading import SHIPPED, Bundle

__all__ = ["SHIPPED", "Bundle"]
