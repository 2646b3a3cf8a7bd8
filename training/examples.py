"""Examples to learn from: the Fisher vectors of the clips, what they show and where they come from."""

import logging
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from models.errors import Tag2VecError
from models.tags.space import TagSpace
from models.tags.stemming import normalise, stem
from training.clips import Clip
from training.features import read_kept
from training.vocabulary import read_views

log = logging.getLogger(__name__)

Array = NDArray[np.float32]

FEW = 5
"""Fewer groups than this say little about a hashtag, or a motion without one."""


class ExamplesError(Tag2VecError):
    """There is too little to learn from."""


@dataclass(frozen=True)
class Examples:
    """Clips with a class each.

    Attributes
    ----------
    views : float32 (2, n, dimensions)
        Fisher vectors of the clips as they are, and seen in a mirror.
    labels : int64 (n,)
        Index of each clip's class in `classes`.
    groups : int64 (n,)
        Clips of one group come from one source.
    classes : list of str
    clips : list of Clip, (n,)
    """

    views: Array
    labels: NDArray[np.int64]
    groups: NDArray[np.int64]
    classes: list[str]
    clips: list[Clip]

    @classmethod
    def of(cls, clips: Sequence[Clip], names: Sequence[str], views: Array) -> "Examples":
        """Take each clip that has a class, with its row of `views`; its class is in `names`."""
        rows = [row for row, name in enumerate(names) if name]
        labels = _numbered([names[row] for row in rows])
        return cls(
            np.asarray(views[:, rows]),
            labels,
            _numbered([clips[row].group for row in rows]),
            sorted({names[row] for row in rows}),
            [clips[row] for row in rows],
        )

    def joined(self, others: "Examples") -> "Examples":
        """Return these examples and others after them, whose classes are numbered after these."""
        clips = self.clips + others.clips
        return Examples(
            np.concatenate([self.views, others.views], axis=1),
            np.concatenate([self.labels, others.labels + len(self.classes)]),
            _numbered([clip.group for clip in clips]),
            self.classes + others.classes,
            clips,
        )

    @cached_property
    def fisher(self) -> Array:
        """What is embedded, float32 (n, dimensions): the mean of both views."""
        mean: Array = self.views.mean(axis=0)
        return mean

    def apart_from(self, rows: NDArray[np.int64]) -> NDArray[np.int64]:
        """Return the rows that share no group with any of some others, int64 (m,)."""
        return np.flatnonzero(~np.isin(self.groups, self.groups[rows]))

    def groups_of(self, label: int) -> int:
        """Return the number of groups of a class."""
        return len(np.unique(self.groups[self.labels == label]))

    def in_their_span(self) -> "Examples":
        """Return the same examples in coordinates of an orthonormal basis of their span: at most 2 n dimensions.

        All lengths and angles are kept, so whatever learns from them alone learns the same, in far less time.
        """
        both = self.views.reshape(-1, self.views.shape[-1])
        values, vectors = np.linalg.eigh((both @ both.T).astype(np.float64))
        kept = values > values[-1] * 1e-7
        coordinates = (vectors[:, kept] * np.sqrt(values[kept])).astype(np.float32)
        return replace(self, views=coordinates.reshape(*self.views.shape[:-1], -1))


def by_hashtag(features: Path, vocabulary: Path, space: TagSpace) -> Examples:
    """Take the clips whose hashtag has a vector; warn of the hashtags that have none.

    Raises
    ------
    ExamplesError
        Fewer than two hashtags have clips and a vector.
    """
    clips = [row.clip for row in read_kept(features)]
    absent = sorted({clip.hashtag for clip in clips if clip.hashtag and clip.hashtag not in space})
    if absent:
        log.warning("hashtags without a vector, their clips are left out: %s", ", ".join(absent))
    names = ["" if clip.hashtag in absent else clip.hashtag for clip in clips]
    if len(set(filter(None, names))) < 2:
        raise ExamplesError(
            "at least two hashtags need clips and a vector in the tag space; "
            f"without a vector: {', '.join(absent) or 'none'}."
        )
    return Examples.of(clips, names, read_views(vocabulary))


def unnamed(features: Path, vocabulary: Path) -> Examples:
    """Take the clips that have no hashtag, by their category: see `unnamed_motions`."""
    clips = [row.clip for row in read_kept(features)]
    return Examples.of(clips, unnamed_motions(clips), read_views(vocabulary))


def unnamed_motions(clips: Sequence[Clip]) -> list[str]:
    """Return the category of each clip without a hashtag, a motion for which nothing is to be suggested; else "".

    Categories of fewer than `FEW` groups are left out: they say what those clips look like, not the motion.
    """
    groups = Counter(category for category, _ in {(clip.category, clip.group) for clip in clips if not clip.hashtag})
    return ["" if clip.hashtag or groups[clip.category] < FEW else clip.category for clip in clips]


def by_category(features: Path, vocabulary: Path, benchmark: str) -> Examples | None:
    """Take the clips of a benchmark, by their category; None when there are fewer than two categories."""
    clips = [row.clip for row in read_kept(features)]
    names = [clip.category if clip.benchmark == benchmark else "" for clip in clips]
    if len(set(filter(None, names))) < 2:
        return None
    return Examples.of(clips, names, read_views(vocabulary))


def _numbered(names: Sequence[str]) -> NDArray[np.int64]:
    return np.unique(np.asarray(names, np.str_), return_inverse=True)[1].astype(np.int64)


def stem_of(hashtag: str) -> str:
    """Return the stem under which a hashtag, as the list of clips has it, is found in the tag space."""
    return stem(normalise(hashtag))


def target_vectors(space: TagSpace, hashtags: Sequence[str]) -> Array:
    """Return the unit vectors, float32 (hashtags, dimensions), that clips are trained towards."""
    return np.stack([space.vector(stem_of(hashtag)) for hashtag in hashtags])
