"""Normalisation and stemming of hashtags: the form in which a tag is stored, and the stem its inflections share."""

import unicodedata
from functools import lru_cache
from typing import Final

from Stemmer import Stemmer

MAX_LENGTH = 100
"""Characters; anything longer is a sentence without spaces, not a hashtag, and is dropped."""

# Letters according to Unicode, but invisible: the Hangul fillers.
_INVISIBLE = frozenset("\u115f\u1160\u3164\uffa0")
# Combining marks that can decorate any letter. Where a script needs them (Latin, Greek, Cyrillic ...), NFKC has already
# composed them with their letter; those left over are strike-through or "Zalgo" text.
_DECORATION = ((0x0300, 0x036F), (0x1AB0, 0x1AFF), (0x1DC0, 0x1DFF), (0x20D0, 0x20FF), (0xFE00, 0xFE2F))
_VARIATION_SELECTORS = (0xE0100, 0xE01EF)

EXCEPTIONS: Final = {
    word: own
    for own, words in {
        "anime": "animes",
        "animat": "animation animations animated",
        "celebriti": "celebrity celebrities",
        "conservation": "",
        "training": "trainings trained",
        "fencing": "",
        "boxing": "",
        "fishing": "",
        "blues": "",
        "windows": "",
        "customer": "customers",
        "productivity": "",
        "wedding": "weddings",
        "building": "buildings",
        "living": "",
        "typing": "",
        "cowboys": "",
        "eagles": "",
        "rockets": "",
    }.items()
    for word in (own, *words.split())
}
"""Words with a stem of their own, as Porter2 has for a few.

The stemmer would join each with words that mean something else in hashtags: animation with animals, boxing with boxes,
the blues with the colour, the Eagles with eagles. Most were found by comparing what posts use beside the inflections of
a stem, where each has 40 posts or more: their mean vectors have a cosine below 0.5. As a key, each stem is its own.
"""


@lru_cache(maxsize=1 << 16)
def _kind(character: str) -> str:
    """Return ``"L"`` for a letter, ``"M"`` for a mark that its script needs, ``"N"`` for a number, ``""`` otherwise."""
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
    """Drop what cannot be part of a hashtag; marks are kept only after a letter."""
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
    """Convert a tag as typed to the form in which it is stored and shown.

    Compatibility forms are resolved (NFKC: full-width and mathematical letters become plain ones), letters are
    lower-cased, and everything but letters, digits and the marks that a script needs is dropped: ``#``, spaces
    (``breast stroke`` becomes ``breaststroke``), punctuation, emoji, invisible characters. Letters of all scripts are
    kept. Idempotent.

    Parameters
    ----------
    tag : str
        In any script, with or without ``#`` and spaces.

    Returns
    -------
    str
        The normalised tag, at most `MAX_LENGTH` characters; ``""`` if it would be longer or has no letter.

    Examples
    --------
    >>> normalise("#Breast Stroke"), normalise("Été"), normalise("축구⚽"), normalise("2016")
    ('breaststroke', 'été', '축구', '')
    """
    if tag.isascii():
        normal = tag if tag.isalnum() else "".join(filter(str.isalnum, tag))
        return normal.lower() if len(normal) <= MAX_LENGTH and not normal.isdigit() else ""
    # NFKC sorts runs of combining marks in quadratic time: a hostile input must not reach it.
    if len(tag) > 4 * MAX_LENGTH:
        return ""
    normal, previous = tag, None
    # Dropping a character can bring together what NFKC then composes, and lower-casing can decompose letters.
    while normal != previous:
        previous = normal
        normal = _keep(unicodedata.normalize("NFKC", normal)).lower()
    if len(normal) > MAX_LENGTH or not any(_kind(character) == "L" for character in normal):
        return ""
    return normal


@lru_cache(maxsize=1 << 18)
def stem(tag: str) -> str:
    """Return the stem of a normalised tag, which its inflections share.

    Tags written in Latin letters only go through the English Snowball stemmer (Porter2), but for a few `EXCEPTIONS`;
    tags in other or mixed scripts are their own stem.

    Parameters
    ----------
    tag : str
        The result of `normalise`.

    Returns
    -------
    str
        Not necessarily a word (``dancing`` gives ``danc``); no longer than the tag, but for ``trained``.

    Examples
    --------
    >>> stem("dancing"), stem("dances"), stem("축구")
    ('danc', 'danc', '축구')
    """
    if own := EXCEPTIONS.get(tag):
        return own
    if tag.isascii() or all(_is_latin(c) for c in tag if _kind(c) == "L"):
        # A Stemmer keeps the current word as state: a new one for each call is thread-safe.
        return str(Stemmer("english", 0).stemWord(tag))
    return tag
