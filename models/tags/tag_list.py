"""Lists of tags as people type them: several in one piece of text."""

import re
from collections.abc import Iterable
from typing import Final

from models.tags.stemming import normalise

_BETWEEN: Final = re.compile(r"[,;#\n\uff0c\u3001\u060c]")
"""Commas (of Latin, Chinese, Japanese and Arabic script), semicolons, line ends, and the sign of the next hashtag."""


def split(texts: Iterable[str]) -> list[str]:
    """Split texts into tags: ``yoga,gym`` and ``#yoga #gym`` are two each, ``breast stroke`` is one.

    Parameters
    ----------
    texts : iterable of str
        As typed.

    Returns
    -------
    list of str
        In the same order. A text without any tag stays as it is, so that nothing that was typed is lost.
    """
    return [tag for text in texts for tag in [part.strip() for part in _BETWEEN.split(text) if part.strip()] or [text]]


def name(tags: Iterable[str], most: int = 10) -> str:
    """Return a list of tags for a sentence, without repetition; beyond the first `most`, only how many there are."""
    shown = list(dict.fromkeys(f"#{normalise(tag)}" if normalise(tag) else repr(tag[:50]) for tag in tags))
    more = f" and {len(shown) - most} more" if len(shown) > most else ""
    return ", ".join(shown[:most]) + more
