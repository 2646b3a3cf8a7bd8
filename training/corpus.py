"""The corpus: posts as sentences of stems, with the counts of stems and of the inflections they were written in."""

import json
import logging
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from datetime import date
from functools import lru_cache
from hashlib import blake2b
from heapq import merge
from itertools import groupby, islice
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Self
from zlib import crc32

from pydantic import BaseModel, ConfigDict, Field

from models.tags.deny_list import DenyList
from models.tags.stemming import normalise, stem
from training.posts import PostsError, read_posts

log = logging.getLogger(__name__)

SENTENCES = "sentences.txt"
"""One post a line: its stems, each once, separated by spaces."""
DATES = "dates.txt"
"""The day of each post of `SENTENCES`, one a line; empty if unknown."""
STEMS = "stems.tsv"
"""One stem a line, the most frequent first: the stem, its posts, then each inflection with its posts."""
SUMMARY = "corpus.json"
"""How many posts were read, kept and left out, and why."""

DENIED_TAGS = Path(__file__).with_name("denied_tags.txt")


class CorpusSettings(BaseModel):
    """Which posts are learnt from, and what of them."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    every: int = Field(default=1, ge=1)
    """Read every n-th post only, counted across all files."""
    without_sources: tuple[str, ...] = ()
    """Leave out posts from these sources, for learning as well as for judging."""
    max_tags: int = Field(default=40, ge=2)
    """Keep this many tags of a longer post: long lists stray, and the window of the skip-gram covers them all."""
    max_repeats: int = Field(default=3, ge=1)
    """Keep this many posts with the same tags in any order: templates say nothing about usage."""


@dataclass(frozen=True)
class Stem:
    """A stem, its number of posts, and that of each of its inflections, the most frequent first."""

    name: str
    count: int
    inflections: dict[str, int]


def build_corpus(
    out: Path, *, posts: Sequence[Path], settings: CorpusSettings, denied_tags: Path = DENIED_TAGS
) -> None:
    """Write `SENTENCES`, `DATES`, `STEMS` and `SUMMARY` into a folder that exists.

    The posts are streamed. Memory holds a number for each distinct post; tags are counted on disk.

    Parameters
    ----------
    out : Path
        The folder.
    posts : sequence of Path
        Files as in `training.posts`, in order.
    settings : CorpusSettings
    denied_tags : Path
        Tags to leave out, as in `models.tags.deny_list`.

    Raises
    ------
    PostsError
        If a file of posts cannot be used, or no post with two or more tags is left.
    """
    denied = DenyList.read(denied_tags)

    @lru_cache(maxsize=1 << 18)
    def sort_out(tag: str) -> tuple[str, str]:
        """Return the stem and the normalised form of a tag; the stem is empty if the tag is not to be learnt."""
        normal = normalise(tag)
        return ("" if not normal or denied.denies(tag) else stem(normal)), normal

    summary = dict.fromkeys(("posts", "kept", "left_out", "without_tags", "one_tag", "repeated", "shortened"), 0)
    summary |= dict.fromkeys(("tags", "tags_denied", "tags_kept", "stems", "dated"), 0)
    repeats: Counter[bytes] = Counter()
    with (
        (out / SENTENCES).open("w", encoding="utf-8", newline="\n") as sentences,
        (out / DATES).open("w", encoding="ascii", newline="\n") as dates,
        _Counting(out) as counting,
    ):
        for tags, day, source in islice((post for path in posts for post in read_posts(path)), 0, None, settings.every):
            summary["posts"] += 1
            if summary["posts"] % 250_000 == 0:
                log.info("corpus: %d posts read", summary["posts"])
            if source in settings.without_sources:
                summary["left_out"] += 1
                continue
            inflections: dict[str, str] = {}
            for tag in tags:
                name, normal = sort_out(tag)
                summary["tags"] += bool(normal)
                summary["tags_denied"] += bool(normal and not name)
                if name:
                    inflections.setdefault(name, normal)
            if len(inflections) < 2:
                summary["one_tag" if inflections else "without_tags"] += 1
                continue
            post = blake2b(" ".join(sorted(inflections)).encode(), digest_size=8).digest()
            repeats[post] += 1
            if repeats[post] > settings.max_repeats:
                summary["repeated"] += 1
                continue
            kept = list(inflections.items())[: settings.max_tags]
            summary["kept"] += 1
            summary["tags_kept"] += len(kept)
            summary["shortened"] += len(kept) < len(inflections)
            counting.add(kept)
            sentences.write(" ".join(name for name, _ in kept) + "\n")
            summary["dated"] += day is not None
            dates.write(f"{day or ''}\n")
        if not summary["kept"]:
            raise PostsError(f"none of the {summary['posts']} posts is left to learn from: each needs two or more tags")
        repeats.clear()
        with (out / STEMS).open("wb") as file:
            for line in counting.lines():
                summary["stems"] += 1
                file.write(line)
    (out / SUMMARY).write_text(json.dumps(summary, indent=2) + "\n", encoding="utf-8")
    log.info("corpus: %s", ", ".join(f"{count} {name.replace('_', ' ')}" for name, count in summary.items()))


def read_sentences(corpus: Path) -> Iterator[list[str]]:
    """Read the posts of a corpus, each a list of stems."""
    with (corpus / SENTENCES).open(encoding="utf-8", newline="\n") as lines:
        for line in lines:
            yield line.rstrip("\n").split(" ")


def read_dates(corpus: Path) -> Iterator[date | None]:
    """Read the days of the posts of a corpus, in their order."""
    with (corpus / DATES).open(encoding="ascii", newline="\n") as lines:
        for line in lines:
            yield date.fromisoformat(line.rstrip("\n")) if line != "\n" else None


def read_stems(corpus: Path, min_count: int = 1) -> Iterator[Stem]:
    """Read the stems of a corpus that occur in at least `min_count` posts, the most frequent first."""
    with (corpus / STEMS).open(encoding="utf-8", newline="\n") as lines:
        for line in lines:
            name, count, *inflections = line.rstrip("\n").split("\t")
            if int(count) < min_count:
                return
            yield Stem(name, int(count), dict(zip(inflections[::2], map(int, inflections[1::2]), strict=True)))


class _Counting:
    """Counts stems and their inflections, however many: writes them to disk in parts, and counts a part at a time."""

    PARTS = 64

    def __init__(self, folder: Path) -> None:
        self._folder = TemporaryDirectory(dir=folder)
        self._open = ExitStack()
        self._paths = [Path(self._folder.name) / str(part) for part in range(self.PARTS)]
        self._parts = [self._open.enter_context(path.open("wb")) for path in self._paths]

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._open.close()
        self._folder.cleanup()

    def add(self, tags: Iterable[tuple[str, str]]) -> None:
        """Count the stems of a post, each with the inflection it was written in."""
        for name, tag in tags:
            key = name.encode()
            self._parts[crc32(key) % self.PARTS].write(b"%s\t%s\n" % (key, tag.encode()))

    def lines(self) -> Iterator[bytes]:
        """Yield the lines of `STEMS`."""
        self._open.close()
        for path in self._paths:
            with path.open("rb") as part:
                written = Counter(part)
            entries = sorted(_gather(written), key=_by_falling_count)
            path.write_bytes(b"".join(entries))
        with ExitStack() as counted:
            parts = [counted.enter_context(path.open("rb")) for path in self._paths]
            yield from merge(*parts, key=_by_falling_count)


def _gather(written: Counter[bytes]) -> Iterator[bytes]:
    """Yield a line for each stem with its inflections, the most frequent first, those of equal counts in order."""
    for name, forms in groupby(sorted(written), key=lambda line: line.partition(b"\t")[0]):
        inflections = sorted(((written[line], line[len(name) + 1 : -1]) for line in forms), key=lambda form: -form[0])
        count = sum(count for count, _ in inflections)
        fields = [b"%s\t%d" % (tag, count) for count, tag in inflections]
        yield b"%s\t%d\t%s\n" % (name, count, b"\t".join(fields))


def _by_falling_count(line: bytes) -> tuple[int, bytes]:
    name, count, _ = line.split(b"\t", 2)
    return -int(count), name
