"""Hashtags as text: what of a tag is kept, and the stem under which its inflections meet."""

import unicodedata
from functools import lru_cache

from Stemmer import Stemmer

MAX_LENGTH = 100
"""Characters; what is longer is no hashtag but a sentence run together, and is dropped."""

# Letters by Unicode's book, but nothing of them is seen: the Hangul fillers.
_INVISIBLE = frozenset("\u115f\u1160\u3164\uffa0")
# Marks that decorate any letter. Where a script writes with them (Latin, Greek, Cyrillic ...), NFKC has
# already joined them to their letter; what is left over is struck-out or "zalgo" text.
_DECORATION = ((0x0300, 0x036F), (0x1AB0, 0x1AFF), (0x1DC0, 0x1DFF), (0x20D0, 0x20FF), (0xFE00, 0xFE2F))
_VARIATION_SELECTORS = (0xE0100, 0xE01EF)


@lru_cache(maxsize=1 << 16)
def _kind(character: str) -> str:
    """``"L"`` letter, ``"M"`` mark that its script needs, ``"N"`` digit or number, ``""`` to be dropped."""
    kind = unicodedata.category(character)[0]
    if kind not in "LMN" or character in _INVISIBLE or character == "\u17b4" or character == "\u17b5":
        return ""
    if kind == "M" and any(low <= ord(character) <= high for low, high in (*_DECORATION, _VARIATION_SELECTORS)):
        return ""
    return kind


@lru_cache(maxsize=1 << 16)
def _is_latin(character: str) -> bool:
    return unicodedata.name(character, "").startswith("LATIN ")


def _keep(text: str) -> str:
    """`text` without what is no part of a hashtag; a mark needs the letter that it stands on."""
    kept: list[str] = []
    on_letter = False
    for character in text:
        kind = _kind(character)
        if kind == "M" and not on_letter:
            continue
        if kind:
            kept.append(character)
            on_letter = kind != "N"
    return "".join(kept)


def normalise(tag: str) -> str:
    """Bring a tag, as its user typed it, to the form in which it is stored and shown.

    Unicode compatibility forms are resolved (NFKC: full-width and mathematical letters become plain ones),
    letters are lower-cased, and everything but letters, digits and the marks that a script needs is dropped:
    ``#``, spaces (``breast stroke`` becomes ``breaststroke``), punctuation, emoji, invisible characters.
    Letters of every script stay. The function is idempotent.

    Parameters
    ----------
    tag : str
        With or without ``#``, in any script, with spaces or without.

    Returns
    -------
    str
        The normalised tag, at most `MAX_LENGTH` characters, or ``""`` where nothing is left that could be a
        hashtag: no letter at all (digits alone), or too long.

    Examples
    --------
    >>> normalise("#Breast Stroke"), normalise("Été"), normalise("축구⚽"), normalise("2016")
    ('breaststroke', 'été', '축구', '')
    """
    if tag.isascii():
        normal = tag if tag.isalnum() else "".join(filter(str.isalnum, tag))
        return normal.lower() if len(normal) <= MAX_LENGTH and not normal.isdigit() else ""
    # Also keeps a hostile run of combining marks, which NFKC sorts in quadratic time, out of it.
    if len(tag) > 4 * MAX_LENGTH:
        return ""
    normal, previous = tag, None
    # What is dropped can bring together what NFKC then joins, and lower-casing can take letters apart again.
    while normal != previous:
        previous = normal
        normal = _keep(unicodedata.normalize("NFKC", normal)).lower()
    if len(normal) > MAX_LENGTH or not any(_kind(character) == "L" for character in normal):
        return ""
    return normal


@lru_cache(maxsize=1 << 18)
def stem(tag: str) -> str:
    """Find the stem of a normalised tag, by which its inflections are one.

    Tags whose letters are all Latin go through the English Snowball stemmer (Porter2); tags in any other
    script, or in several, are their own stem.

    Parameters
    ----------
    tag : str
        A tag from `normalise`.

    Returns
    -------
    str
        The stem; never longer than the tag, and not necessarily a word (``dancing`` gives ``danc``).

    Examples
    --------
    >>> stem("dancing"), stem("dances"), stem("축구")
    ('danc', 'danc', '축구')
    """
    if tag.isascii() or all(_is_latin(c) for c in tag if _kind(c) == "L"):
        # A stemmer holds the word it is at, so each call has its own, for threads.
        return str(Stemmer("english", 0).stemWord(tag))
    return tag
