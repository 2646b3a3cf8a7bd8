"""Training examples: motion and appearance of the clips in one vector, with their classes and groups."""

import logging
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.sparse import coo_matrix
from scipy.sparse.csgraph import connected_components

from models.errors import Tag2VecError
from models.fusion import fuse
from models.tags.space import TagSpace
from models.tags.stemming import normalise, stem
from training.appearance import read_appearances
from training.artifacts import Artifacts
from training.clips import Clip
from training.features import read_kept
from training.singular_vectors import left_singular_vectors
from training.vocabulary import read_views

log = logging.getLogger(__name__)

Array = NDArray[np.float32]

FEW = 5
"""Classes with fewer groups than this are marked as unreliable, and no background class has fewer."""


class ExamplesError(Tag2VecError):
    """There is too little to learn from."""


@dataclass(frozen=True)
class Examples:
    """Clips, each with a class.

    Attributes
    ----------
    parts : float32 (3, n, dimensions)
        Of the clips' vectors (`models.fusion`): their motion, that of their mirror images, and their appearance, each
        with zeros in the place of the others.
    labels : int64 (n,)
        Index of each clip's class in `classes`.
    groups : int64 (n,)
        Clips of one group are never both learnt from and judged.
    classes : list of str
    clips : list of Clip, (n,)
    """

    parts: Array
    labels: NDArray[np.int64]
    groups: NDArray[np.int64]
    classes: list[str]
    clips: list[Clip]

    @classmethod
    def of(cls, clips: Sequence[Clip], names: Sequence[str], parts: Array) -> "Examples":
        """Take the clips with a class, which is in `names` (empty: none), and their rows of `parts`."""
        rows = [row for row, name in enumerate(names) if name]
        labels = _numbered([names[row] for row in rows])
        return cls(
            np.asarray(parts[:, rows]),
            labels,
            _numbered([clips[row].group for row in rows]),
            sorted({names[row] for row in rows}),
            [clips[row] for row in rows],
        )

    def joined(self, others: "Examples") -> "Examples":
        """Return these examples followed by others, whose classes are numbered after these."""
        clips = self.clips + others.clips
        return Examples(
            np.concatenate([self.parts, others.parts], axis=1),
            np.concatenate([self.labels, others.labels + len(self.classes)]),
            _numbered([clip.group for clip in clips]),
            self.classes + others.classes,
            clips,
        )

    @cached_property
    def vectors(self) -> Array:
        """What is embedded, float32 (n, dimensions); see `whole`."""
        return whole(self.parts)

    def apart_from(self, rows: NDArray[np.int64]) -> NDArray[np.int64]:
        """Return the rows whose groups are none of those of `rows`, int64 (m,)."""
        return np.flatnonzero(~np.isin(self.groups, self.groups[rows]))

    def by_source(self) -> "Examples":
        """Return the same examples with larger groups: all clips of a source, and of groups that share clips with it.

        Clips of a source often share their uploader, place or camera, which may give a hashtag away.
        """
        groups = len(self.clips)
        sources = _numbered([clip.source or f"group {clip.group}" for clip in self.clips])
        links = coo_matrix((np.ones(groups, np.int8), (self.groups, groups + sources)), (2 * groups,) * 2)
        joined = connected_components(links, directed=False)[1]
        return replace(self, groups=_numbered(joined[self.groups]))

    def groups_of(self, label: int) -> int:
        """Return the number of groups of a class."""
        return len(np.unique(self.groups[self.labels == label]))

    def in_their_span(self) -> "Examples":
        """Return the same examples in coordinates of an orthonormal basis of their span: at most 3 n dimensions.

        This keeps all lengths and angles, so whatever is learnt from these is the same, and learnt far faster.
        """
        u, s = left_singular_vectors(self.parts.reshape(-1, self.parts.shape[-1]))
        return replace(self, parts=(u * s).astype(np.float32).reshape(*self.parts.shape[:-1], -1))


def by_hashtag(artifacts: Artifacts, space: TagSpace) -> Examples:
    """Return the clips whose hashtag has a vector; log a warning about the hashtags that have none.

    Raises
    ------
    ExamplesError
        Fewer than two hashtags have clips and a vector.
    """
    clips = [row.clip for row in read_kept(artifacts.features)]
    absent = sorted({clip.hashtag for clip in clips if clip.hashtag and clip.hashtag not in space})
    if absent:
        log.warning("clips of these hashtags are left out, for they have no vector: %s", ", ".join(absent))
    names = ["" if clip.hashtag in absent else clip.hashtag for clip in clips]
    if len(set(filter(None, names))) < 2:
        raise ExamplesError(
            "training needs clips of at least two hashtags with a vector in the tag space; "
            f"hashtags without a vector: {', '.join(absent) or 'none'}. Add clips or posts."
        )
    return _fused(artifacts, clips, names)


def background(artifacts: Artifacts) -> Examples:
    """Return the clips of background classes; see `background_classes`."""
    clips = [row.clip for row in read_kept(artifacts.features)]
    return _fused(artifacts, clips, background_classes(clips))


def background_classes(clips: Sequence[Clip]) -> list[str]:
    """Return each clip's category if the clip has no hashtag, else an empty string.

    These are motions to be told from those of the hashtags, which nothing is suggested for. Categories of fewer than
    `FEW` groups are left out: the networks would learn what those few sources look like, not the motion.
    """
    groups = Counter(category for category, _ in {(clip.category, clip.group) for clip in clips if not clip.hashtag})
    return ["" if clip.hashtag or groups[clip.category] < FEW else clip.category for clip in clips]


def by_category(artifacts: Artifacts, benchmark: str) -> Examples | None:
    """Return the clips of a benchmark by category; None if they have fewer than two categories."""
    clips = [row.clip for row in read_kept(artifacts.features)]
    names = [clip.category if clip.benchmark == benchmark else "" for clip in clips]
    if len(set(filter(None, names))) < 2:
        return None
    return _fused(artifacts, clips, names)


def _fused(artifacts: Artifacts, clips: Sequence[Clip], names: Sequence[str]) -> Examples:
    """Return the kept clips that have a class, with appearance standardised over all kept clips."""
    rows = [row for row, name in enumerate(names) if name]
    views, seen = read_views(artifacts.vocabulary), read_appearances(artifacts.appearance)
    features, standard = seen.features[rows], seen.standard()
    still = np.zeros((len(rows), views.shape[-1]), np.float32)
    motion = np.pad(views[:, rows], ((0, 0), (0, 0), (0, features.shape[1])))
    parts = np.concatenate([motion, fuse(still, features, *standard)[None]])
    return Examples.of([clips[row] for row in rows], [names[row] for row in rows], parts)


def whole(parts: Array) -> Array:
    """Return what is embedded, float32 (n, dimensions): the mean of a clip and its mirror image, and its appearance."""
    motion, mirrored, appearance = parts
    vectors: Array = (motion + mirrored) / 2 + appearance
    return vectors


def _numbered(names: ArrayLike) -> NDArray[np.int64]:
    return np.unique(np.asarray(names), return_inverse=True)[1].astype(np.int64)


def stem_of(hashtag: str) -> str:
    """Return the stem of a hashtag in the list of clips, by which the tag space knows it."""
    return stem(normalise(hashtag))


def target_vectors(space: TagSpace, hashtags: Sequence[str]) -> Array:
    """Return the unit tag vectors of hashtags, float32 (hashtags, dimensions): the targets of training."""
    return np.stack([space.vector(stem_of(hashtag)) for hashtag in hashtags])
