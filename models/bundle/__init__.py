"""A bundle: a folder with everything that was learnt and that inference needs.

::

    manifest.json           name, version, sources and quality, and the SHA-256 of every other file
    vocabulary.safetensors  PCA and Gaussian mixture of each descriptor block
    appearance.onnx         the image network that describes pictures
    classes.tsv             the hashtags that the classes of the image network stand for, if it has classes
    tag_vectors.safetensors what hashtags look like, if it is half of an image-text network
    projection.safetensors  the principal directions of motion and appearance
    embedding.safetensors   the networks from these directions to the tag space
    tags.json               stems, counts, display forms
    tagspace.faiss          tag vectors and their search index
    cooccurrence.safetensors  which tags go with which
    inflections.safetensors  the tags that each inflection of a stem occurs with
    languages.safetensors   in which languages tags are used
    denied_tags.txt         tags that are never suggested
    tag_kinds.tsv           tags that are suggested only in some cases
    map.safetensors         a place in two dimensions for each tag, if there are enough
    trends.safetensors      posts of tags by week, if the posts have dates
    MODEL_CARD.md           data, licences, quality and limits, for people
    timings.json            the duration of training; not hashed, so that the same training gives the same bundle

Nothing in it is pickled, so opening a bundle cannot run code.
"""

from models.bundle.reading import SHIPPED, Bundle

__all__ = ["SHIPPED", "Bundle"]
