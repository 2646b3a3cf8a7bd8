"""What social platforms take as hashtags, read from `platforms.toml` beside this module, which names the sources."""

import re
import tomllib
import unicodedata
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Final, Literal, get_args

from pydantic import BaseModel, ConfigDict, Field

PlatformName = Literal["instagram", "tiktok", "youtube", "threads", "mastodon", "bluesky", "x"]

_FILE: Final = Path(__file__).with_name("platforms.toml")


class Platform(BaseModel):
    """What one platform takes as hashtags."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    name: PlatformName
    title: str = Field(examples=["Instagram"])
    most_tags: int | None = Field(None, ge=1, description="hashtags of a post; null: no limit is known")
    longest_tag: int | None = Field(
        None, ge=1, description="characters of a hashtag without its `#`; null: no limit is known"
    )
    allowed: str = Field(description="the rule for a hashtag in words", examples=["letters, digits and _"])
    pattern: str = Field(
        description="the rule for a whole hashtag without its `#`: an expression that JavaScript and Python read alike"
    )
    digits_only: bool = Field(description="whether a source says that a hashtag may be digits alone")
    separator: str = Field(description="what stands between two hashtags of a post", examples=[" "])
    source: str = Field(description="where the rule is from", examples=["https://help.instagram.com/351460621611097"])
    date: str = Field(
        pattern=r"^\d{4}-\d\d-\d\d$",
        description="of the source; of the look-up if it has none",
        examples=["2025-12-18"],
    )
    note: str = Field(description="what else the source says, and what was not found")

    def takes(self, tag: str) -> bool:
        """Return whether a tag, without its ``#``, is a hashtag there."""
        return _compiled(self.pattern).fullmatch(tag) is not None

    def at_most(self, k: int) -> int:
        """Return how many of `k` hashtags a post may have there."""
        return k if self.most_tags is None else min(k, self.most_tags)


@cache
def platforms() -> dict[PlatformName, Platform]:
    """Return the platforms by name, in the order of `PlatformName`."""
    told = tomllib.loads(_FILE.read_text(encoding="utf-8"))
    for rule in told.values():
        for name, members in (("letters", _members("A-Za-z", "L", "M")), ("digits", _members("0-9", "Nd"))):
            rule["pattern"] = rule["pattern"].replace("{" + name + "}", members)
    return {name: Platform(name=name, **told.pop(name)) for name in get_args(PlatformName)}


@cache
def _compiled(pattern: str) -> "re.Pattern[str]":
    return re.compile(pattern)


def _members(of_ascii: str, *kinds: str) -> str:
    """Return the characters of some categories of Unicode as the inside of a character class.

    They are those of Unicode 3.2, of 2002, in the basic plane: the programs that platforms run know all of these, and
    JavaScript tells characters of other planes only with the flag `u`.
    """
    return of_ascii + "".join(
        f"\\u{first:04x}-\\u{last:04x}" if last > first else f"\\u{first:04x}" for first, last in _runs(kinds)
    )


def _runs(kinds: tuple[str, ...]) -> Iterator[tuple[int, int]]:
    categories = unicodedata.ucd_3_2_0
    first = None
    for code in range(0x80, 0x10000 + 1):
        member = code < 0x10000 and categories.category(chr(code)).startswith(kinds)
        if member and first is None:
            first = code
        elif not member and first is not None:
            yield first, code - 1
            first = None
