"""A part of a clip; in its own module, because the decoder's imports are heavy."""

import math
from dataclasses import dataclass
from typing import Final


@dataclass(frozen=True, kw_only=True)
class Excerpt:
    """From `start_s` to before `end_s`, seconds since the first frame of the clip.

    Raises
    ------
    ValueError
        If one of them is not a finite number of at least 0, or `end_s` is not after `start_s`.
    """

    start_s: float = 0.0
    end_s: float | None = None

    def __post_init__(self) -> None:
        if not 0 <= self.start_s < math.inf:
            raise ValueError(f"start must be a number of seconds, 0 or more, not {self.start_s:g}")
        if self.end_s is not None and not self.start_s < self.end_s < math.inf:
            raise ValueError(f"end must be after start, {self.start_s:g} s; it is {self.end_s:g} s")


WHOLE: Final = Excerpt()
"""All of a clip."""
