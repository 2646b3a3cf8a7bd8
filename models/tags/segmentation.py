"""Segmentation: splits a tag written as one word into known tags, by their frequency in the corpus.

Viterbi search with a unigram model (Norvig, "Natural Language Corpus Data", in "Beautiful Data", 2009).
"""

from math import log

from models.errors import UnknownTag
from models.tags.space import TagSpace
from models.tags.stemming import normalise, stem

SHORTEST = 3
"""Minimum length of an ASCII word; other scripts have no minimum, since some write words with fewer characters."""


def segment(space: TagSpace, tag: str) -> list[str]:
    """Split a tag into the stems of the space that most likely make it up.

    The probability of a word is its share of all tags in the corpus. Digits between words are skipped.

    Parameters
    ----------
    space : TagSpace
        Provides the stems and their counts.
    tag : str
        As typed.

    Returns
    -------
    list of str
        Stems, in order; a single one if the space has the tag.

    Raises
    ------
    UnknownTag
        If the tag cannot be split into tags of the space.
    """
    if tag in space:
        return [stem(normalise(tag))]
    text = normalise(tag)
    total = log(float(space.counts.sum()))
    best: list[tuple[float, list[str]] | None] = [(0.0, [])] + [None] * len(text)
    for end in range(1, len(text) + 1):
        for start in range(end):
            prefix = best[start]
            if prefix is None:
                continue
            word = text[start:end]
            if word.isdigit():
                split = (prefix[0] + total, prefix[1])
            elif (len(word) >= SHORTEST or not word.isascii()) and word in space:
                name = stem(word)
                split = (prefix[0] + total - log(max(1, int(space.counts[space.row(name)]))), [*prefix[1], name])
            else:
                continue
            current = best[end]
            if current is None or split[0] < current[0]:
                best[end] = split
    complete = best[-1]
    if complete is None or not complete[1]:
        raise UnknownTag(
            f"{tag!r} is not in the tag space and cannot be split into tags that are. Try another word or spelling."
        )
    return complete[1]
