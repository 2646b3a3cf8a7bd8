"""Segmentation: the words that a tag was run together from, by how often the corpus has each."""

from math import log

from models.errors import UnknownTag
from models.tags.space import TagSpace
from models.tags.stemming import normalise, stem

SHORTEST = 3
"""Letters of an ASCII word; scripts that need fewer for a word have no such bound."""


def segment(space: TagSpace, tag: str) -> list[str]:
    """Split a tag into the stems of the space that most likely make it up.

    Viterbi search over a unigram model (Norvig, "Natural Language Corpus Data", 2009): a word is as likely as its share
    of the corpus's tags. Figures between words are passed over.

    Parameters
    ----------
    space : TagSpace
        Whose stems and counts are used.
    tag : str
        As typed.

    Returns
    -------
    list of str
        Stems, in order; one alone where the space has the tag.

    Raises
    ------
    UnknownTag
        If the tag is not made of tags that the space knows.
    """
    if tag in space:
        return [stem(normalise(tag))]
    text = normalise(tag)
    total = log(float(space.counts.sum()))
    best: list[tuple[float, list[str]] | None] = [(0.0, [])] + [None] * len(text)
    for end in range(1, len(text) + 1):
        for start in range(end):
            before = best[start]
            if before is None:
                continue
            word = text[start:end]
            if word.isdigit():
                found = (before[0] + total, before[1])
            elif (len(word) >= SHORTEST or not word.isascii()) and word in space:
                name = stem(word)
                found = (before[0] + total - log(max(1, int(space.counts[space.row(name)]))), [*before[1], name])
            else:
                continue
            now = best[end]
            if now is None or found[0] < now[0]:
                best[end] = found
    whole = best[-1]
    if whole is None or not whole[1]:
        raise UnknownTag(
            f"no post of the corpus that the tag space was learnt from uses {tag!r} often enough, nor is it made of "
            "tags that are known; try another word or spelling"
        )
    return whole[1]
