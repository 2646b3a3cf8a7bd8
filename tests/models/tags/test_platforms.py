"""The rules of platforms, compared with what the platforms' own programs do."""

import json
import re
import unicodedata
from datetime import date
from typing import get_args

import pytest
from hypothesis import given
from hypothesis import strategies as st

from models.bundle import SHIPPED, Bundle
from models.tags.platforms import Platform, PlatformName, platforms
from models.tags.stemming import MAX_LENGTH, normalise
from tests import foreign

WORDS = [
    "beach",
    "축구",
    "été",
    "हिन्दी",
    "2016",
    "2cellos",
    "a_b",
    "_a",
    "a_",
    "__",
    "_1",
    "1_1",
    "a·b",
    "·a",
    "a·",
    "花・火",
    "1·1",
    "a-b",
    "-a",
    "a-",
    "a.b",
    "a&b",
    "a\u200cb",
    "١٢٣",
    "١a",
    "ºc",
    "a፩",
]
LENGTHS = ["a" * length for length in (49, 50, 51, 63, 64, 65, 99, 100)]
TEXTS = st.text(st.characters(max_codepoint=0xFFFF, exclude_categories=["Cs", "Cc", "Z"]), min_size=1, max_size=70)
TAGS = st.sampled_from([*WORDS, *LENGTHS]) | st.lists(st.sampled_from(WORDS)).map("".join) | TEXTS
NAMES = get_args(PlatformName)

# What each platform's own library finds in a post that consists of one hashtag; the tag itself, if it takes it whole.
TWITTER = """
const tt = require("twitter-text");
const found = tag => tt.extractHashtags("#" + tag).includes(tag);
"""
BLUESKY = """
const {RichText} = require("@atproto/api");
const found = tag => {
  const text = new RichText({text: "#" + tag});
  text.detectFacetsWithoutResolution();
  return (text.facets ?? []).some(facet => facet.features.some(feature => feature.tag === tag));
};
"""
ANSWER = 'console.log(JSON.stringify(JSON.parse(require("fs").readFileSync(0, "utf8")).map(found)));'


def mastodon(tag: str) -> bool:
    """Mastodon's rule, written from its description: words of letters, marks, digits and connectors."""
    word = [unicodedata.category(one)[0] in "LM" or unicodedata.category(one) in ("Nd", "Pc") for one in tag]
    inner = [one in "·・\u200c" for one in tag]
    named = any(unicodedata.category(one)[0] in "LM" for one in tag) or any(inner)
    return named and word[0] and word[-1] and all(map(max, word, inner))


def plain(tag: str) -> bool:
    """Whether all characters are of the basic plane, and are now what they were in Unicode 3.2.

    Patterns leave out others.
    """
    return all(ord(one) < 0x10000 and unicodedata.ucd_3_2_0.category(one) == unicodedata.category(one) for one in tag)


def sound_and_useful(platform: Platform, tags: list[str], taken: list[bool]) -> None:
    refused = [tag for tag, good in zip(tags, taken, strict=True) if platform.takes(tag) and not good]
    assert refused == []
    assert any(taken)
    missed = [tag for tag, good in zip(tags, taken, strict=True) if good and not platform.takes(tag)]
    assert not [tag for tag in missed if normalise(tag) == tag and plain(tag)], "tags that may be suggested are refused"


@pytest.fixture(scope="module")
def tags() -> list[str]:
    """What people write: everything in the tag space that ships, and odd tags."""
    return [*WORDS, *LENGTHS, *Bundle.open(SHIPPED).suggester().space.displays]


@pytest.mark.slow
@pytest.mark.parametrize(
    ("name", "package", "script"),
    [("x", "twitter-text@3.1.0", TWITTER), ("bluesky", "@atproto/api@0.21.0", BLUESKY)],
)
def test_what_the_platforms_own_library_takes(name: PlatformName, package: str, script: str, tags: list[str]) -> None:
    taken = json.loads(foreign.node(foreign.npm(package), "-e", script + ANSWER, given=tags))
    sound_and_useful(platforms()[name], tags, taken)


@given(st.lists(TAGS, min_size=50, max_size=50))
def test_what_mastodon_takes(some: list[str]) -> None:
    sound_and_useful(platforms()["mastodon"], ["a", *some], [True, *map(mastodon, some)])


def test_every_tag_that_ships_is_taken_by_mastodon_as_it_says(tags: list[str]) -> None:
    sound_and_useful(platforms()["mastodon"], tags, list(map(mastodon, tags)))


def test_javascript_reads_the_patterns_as_python_does(tags: list[str]) -> None:
    folder = foreign.npm("twitter-text@3.1.0")
    tags = [*WORDS, *LENGTHS, *tags[:: len(tags) // 500]]
    for flags in ("", "u"):
        script = f"""
            const {{patterns, tags}} = JSON.parse(require("fs").readFileSync(0, "utf8"));
            console.log(JSON.stringify(patterns.map(one => tags.map(tag => new RegExp(one, "{flags}").test(tag)))));
        """
        given = {"patterns": [one.pattern for one in platforms().values()], "tags": tags}
        found = json.loads(foreign.node(folder, "-e", script, given=given))
        assert found == [[one.takes(tag) for tag in tags] for one in platforms().values()]


def test_facts() -> None:
    rules = platforms()
    assert list(rules) == list(NAMES)
    most = {name: rule.most_tags for name, rule in rules.items()}
    assert most == {
        "instagram": 5, "tiktok": 5, "youtube": 60, "threads": 1, "mastodon": None, "bluesky": None, "x": None,
    }  # fmt: skip
    assert {name: rule.longest_tag for name, rule in rules.items() if rule.longest_tag} == {
        "threads": 50,
        "bluesky": 64,
    }


@pytest.mark.parametrize("name", NAMES)
def test_rules_agree_with_themselves(name: PlatformName) -> None:
    rule = platforms()[name]
    assert rule.source.startswith("https://")
    assert date(2025, 1, 1) <= date.fromisoformat(rule.date) <= date(2030, 1, 1)
    assert rule.takes("2016") == rule.digits_only
    assert rule.takes("beach2016")
    assert not any(map(rule.takes, ("", "#a", " a", "a ", "a\n", "a.b")))
    longest = rule.longest_tag or MAX_LENGTH
    assert rule.takes("é" * longest)
    assert rule.takes("é" * (longest + 1)) == (rule.longest_tag is None)
    assert rule.at_most(50) == min(50, rule.most_tags or 50)
    assert re.fullmatch(rule.pattern, "축구")


@given(TAGS)
def test_no_pattern_takes_what_breaks_a_hashtag(tag: str) -> None:
    for name, rule in platforms().items():
        if name != "threads" and re.search(r"[\s#.,!?&/@'\"]", tag):
            assert not rule.takes(tag)
