"""The order in which a rater sees the suggestions."""

import hashlib
from collections.abc import Iterable


def shown_order(tags: Iterable[str], rater: int, clip: int) -> list[str]:
    """Shuffle the suggested tags of a clip, differently for each rater and clip, but always in the same way.

    Neither rank nor position on the page then favours a tag, and a rater who returns finds each where it was.
    """
    return sorted(tags, key=lambda tag: hashlib.sha256(f"{rater} {clip} {tag}".encode()).digest())
