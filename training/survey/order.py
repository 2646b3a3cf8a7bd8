"""The order in which a rater sees the suggestions."""

import hashlib
from collections.abc import Iterable


def shown_order(tags: Iterable[str], rater: int, clip: int) -> list[str]:
    """Shuffle a clip's suggested tags, for each rater and clip in another way and always in the same.

    So neither the rank nor the place on the page speaks for a tag, and a rater who comes back finds it where it was.
    """
    return sorted(tags, key=lambda tag: hashlib.sha256(f"{rater} {clip} {tag}".encode()).digest())
