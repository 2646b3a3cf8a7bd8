"""Synthetic posts in any number, with the statistics of real ones and with known topics.

Topics, and stems within topics, follow Zipf's law; stems are written in several inflections. Most distinct tags are
written once, as in the paper's posts (10 million tags, 7 million distinct): compounds, names with digits, phrases,
other scripts. A sixth of the posts has a tag that asks for reach, and some posts are repeated spam, across topics.
"""

import gzip
import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from models.atomic_write import atomic_write
from models.tags.stemming import normalise, stem

POSTS, MEAN_TAGS, ONCE = 2_700_000, 3.45, 0.725
"""The paper's number of posts, their mean number of tags, and the share of tags that are used once."""
TOPICS, STEMS = 500, 400
"""Topics at the paper's size, and stems per topic at any size."""
GENERAL = 200
"""Stems without a topic, used with all topics."""
CHUNK = 30_000
"""Posts that are generated at a time."""

_REACH = ("fyp", "foryou", "ForYouPage", "viral", "trending", "follow4follow", "likeforlike", "xyzbca")
_CONSONANTS, _VOWELS = "bdfgklmnprstvz", "aeiou"
_SYLLABLES = [consonant + vowel for consonant in _CONSONANTS for vowel in _VOWELS]
_ENDINGS, _ENDING_SHARES = ("", "s", "ing", "ed"), (0.55, 0.2, 0.15, 0.1)
_ACCENTS = str.maketrans("aeiou", "áéíóú")


@dataclass(frozen=True)
class Words:
    """The written forms of all stems, topic by topic, those without a topic last."""

    forms: list[list[str]]
    topics: int

    @classmethod
    def made_up(cls, topics: int) -> "Words":
        """Generate words, each with a stem of its own for all its inflections."""
        forms: list[list[str]] = []
        seen: set[str] = set()
        number = 0
        while len(forms) < topics * STEMS + GENERAL:
            word = _syllables(number * 7_919, 3) + "kmnpr"[number % 5]
            number += 1
            inflected = [word + ending for ending in _ENDINGS if stem(word + ending) == stem(word)]
            if stem(word) not in seen:
                seen.add(stem(word))
                forms.append(inflected)
        return cls(forms, topics)

    def topic_of(self) -> dict[str, int]:
        """Return the topic of each stem, without the stems that have none."""
        return {stem(forms[0]): row // STEMS for row, forms in enumerate(self.forms[: self.topics * STEMS])}


def _syllables(number: int, count: int) -> str:
    digits = []
    for _ in range(count):
        number, digit = divmod(number, len(_SYLLABLES))
        digits.append(_SYLLABLES[digit])
    return "".join(digits)


def _zipf(count: int, shift: float, power: float) -> NDArray[np.float64]:
    weights: NDArray[np.float64] = (np.arange(count) + shift).astype(np.float64) ** -power
    return weights


class MadeUpPosts:
    """Posts, the same for the same number and seed.

    Parameters
    ----------
    posts : int
        The number of posts; the number of topics is in proportion, so that tags keep their frequencies.
    seed : int
        Of everything random.
    """

    def __init__(self, posts: int = POSTS, seed: int = 0) -> None:
        self.posts, self.seed = posts, seed
        self.words = Words.made_up(max(2, round(TOPICS * posts / POSTS)))
        self._topics = np.cumsum(_zipf(self.words.topics, 10, 0.8))
        self._stems = np.cumsum(_zipf(STEMS, 2, 1.05))
        self._general = np.cumsum(_zipf(GENERAL, 2, 1.0))
        rng = np.random.default_rng((seed, 0))
        self._templates = [
            ["fyp", "foryou", *dict.fromkeys(self._written(rng, self._planted(rng, self._topic(rng, 8))))]
            for _ in range(self.words.topics)
        ]

    def __iter__(self) -> Iterator[list[str]]:
        once = 0
        for first in range(0, self.posts, CHUNK):
            chunk = range(first, min(first + CHUNK, self.posts))
            rng = np.random.default_rng((self.seed, 1, first))
            lengths = np.minimum(rng.geometric(1 / MEAN_TAGS, len(chunk)), 60)
            ends = np.cumsum(lengths)
            post = np.repeat(np.arange(len(chunk)), lengths)
            # Some people invent most of their tags, and some none.
            is_once = rng.random(len(post)) < rng.beta(1.6, 1.6 * (1 / ONCE - 1), len(chunk))[post]
            kind = rng.random(len(post))
            topic = np.where(kind < 0.08, self._topic(rng, len(post)), self._topic(rng, len(chunk))[post])
            general = (kind > 0.9) & ~is_once
            stems = np.where(general, self._of_no_topic(rng, len(post)), self._planted(rng, topic))
            tags = self._written(rng, stems)
            kinds = rng.integers(0, 20, len(post))
            for slot in np.flatnonzero(is_once):
                tags[slot] = _written_once(once, self.words.forms[stems[slot]][0], int(kinds[slot]))
                once += 1
            reach = rng.random(len(chunk)) < 1 / 6
            template = rng.random(len(chunk)) < 0.02
            which = rng.integers(0, len(self._templates), len(chunk))
            words = rng.integers(0, len(_REACH), len(chunk))
            start = 0
            for row, end in enumerate(ends.tolist()):
                own = tags[start:end]
                start = end
                if template[row]:
                    yield self._templates[which[row]] + own[: row % 5 == 0]
                else:
                    yield [*own, _REACH[words[row]]] if reach[row] else own

    def write(self, file: Path) -> dict[str, int]:
        """Write the posts as ``.jsonl.gz``, the file whole or not at all; return the numbers of posts and tags."""
        tags, distinct = 0, set[int]()
        with (
            atomic_write(file) as partial,
            gzip.open(partial, "wt", compresslevel=1, encoding="utf-8") as lines,
        ):
            for post in self:
                tags += len(post)
                distinct.update(hash(normalise(tag)) for tag in post)
                lines.write(json.dumps({"tags": post}, ensure_ascii=False) + "\n")
        return {"posts": self.posts, "tags": tags, "distinct": len(distinct)}

    def _topic(self, rng: np.random.Generator, count: int) -> NDArray[np.int64]:
        return _draw(rng, self._topics, count)

    def _planted(self, rng: np.random.Generator, topic: NDArray[np.int64]) -> NDArray[np.int64]:
        return topic * STEMS + _draw(rng, self._stems, len(topic))

    def _of_no_topic(self, rng: np.random.Generator, count: int) -> NDArray[np.int64]:
        return self.words.topics * STEMS + _draw(rng, self._general, count)

    def _written(self, rng: np.random.Generator, stems: NDArray[np.int64]) -> list[str]:
        ending = _draw(rng, np.cumsum(_ENDING_SHARES), len(stems))
        case = rng.random(len(stems))
        tags = []
        for row, number, share in zip(stems.tolist(), ending.tolist(), case.tolist(), strict=True):
            forms = self.words.forms[row]
            form = forms[number] if number < len(forms) else forms[0]
            tags.append(form.capitalize() if share < 0.1 else "#" + form if share > 0.97 else form)
        return tags


def _draw(rng: np.random.Generator, cumulated: NDArray[np.float64], count: int) -> NDArray[np.int64]:
    """Draw numbers by their cumulative weights."""
    drawn: NDArray[np.int64] = np.searchsorted(cumulated, rng.random(count) * cumulated[-1])
    return drawn


def _written_once(number: int, word: str, kind: int) -> str:
    """Return a tag that no other number gives: with one of all codes of four syllables, or in Hangul."""
    code = _syllables(number * 10_000_019 % len(_SYLLABLES) ** 4, 4)
    match kind:
        case 0 | 1:
            return chr(0xAC00 + number % 11172) + chr(0xAC00 + number // 11172) + "축구"
        case 2 | 3:
            return f"{code}{number % 100}"
        case 4 | 5:
            return f"{word} {code}"
        case 6 | 7 | 8 | 9:
            return word.capitalize() + code.capitalize()
        case 10:
            return word.translate(_ACCENTS) + code
        case _:
            return word + code
