"""Hashtag rules of social platforms, read from `platforms.toml` beside this module, which names the sources."""

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
    """Hashtag rules of one platform."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    name: PlatformName
    title: str = Field(examples=["Instagram"])
    most_tags: int | None = Field(None, ge=1, description="maximum number of hashtags per post; null: no known limit")
    longest_tag: int | None = Field(
        None, ge=1, description="maximum length of a hashtag, without `#`; null: no known limit"
    )
    allowed: str = Field(
        description="the characters allowed in a hashtag, in words", examples=["letters, digits and _"]
    )
    pattern: str = Field(
        description="regular expression for a whole hashtag, without `#`, that works in both JavaScript and Python"
    )
    digits_only: bool = Field(description="whether, by the source, a hashtag may consist of digits alone")
    separator: str = Field(description="separator between hashtags in a post", examples=[" "])
    source: str = Field(description="source of the rule", examples=["https://help.instagram.com/351460621611097"])
    date: str = Field(
        pattern=r"^\d{4}-\d\d-\d\d$",
        description="of the source, or of the look-up if it is undated",
        examples=["2025-12-18"],
    )
    note: str = Field(description="what else the source says, and what could not be found")

    def takes(self, tag: str) -> bool:
        """Return whether a tag, without its ``#``, is a valid hashtag there."""
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

    Only characters of Unicode 3.2 (2002) in the basic plane: platforms' software knows all of these, and JavaScript
    matches characters of other planes only with the flag `u`. Those that have changed category since are left out, such
    as the digits of Ethiopic.
    """
    return of_ascii + "".join(
        f"\\u{first:04x}-\\u{last:04x}" if last > first else f"\\u{first:04x}" for first, last in _runs(kinds)
    )


def _runs(kinds: tuple[str, ...]) -> Iterator[tuple[int, int]]:
    first = None
    for code in range(0x80, 0x10000 + 1):
        member = code < 0x10000 and all(
            version.category(chr(code)).startswith(kinds) for version in (unicodedata.ucd_3_2_0, unicodedata)
        )
        if member and first is None:
            first = code
        elif not member and first is not None:
            yield first, code - 1
            first = None
