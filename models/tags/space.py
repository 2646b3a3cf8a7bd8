"""The Tag2Vec space: a vector for each stem, and nearest-neighbour search by vector or by tag.

Singh et al., "Learning to Hash-tag Videos with Tag2Vec" (ICVGIP 2016), section 3.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Self

import faiss
import numpy as np
from numpy.typing import ArrayLike, NDArray
from pydantic import BaseModel

from models.errors import BundleError, UnknownTag
from models.tags.index import build_index, search
from models.tags.stemming import normalise, stem
from models.tags.string_table import StringTable

TAGS_FILE = "tags.json"
INDEX_FILE = "tagspace.faiss"

_CHUNK = 1 << 14


@dataclass(frozen=True)
class Neighbour:
    """A stem near a query, and its L2 distance from it: 0 (same direction) to 2 (opposite direction)."""

    stem: str
    distance: float

    @property
    def score(self) -> float:
        """Similarity: 1 (same direction) to 0 (opposite direction)."""
        return 1.0 - self.distance / 2.0


def unit(vector: ArrayLike) -> NDArray[np.float32]:
    """Scale a vector, or each row of a matrix, to unit length; zeros stay zero.

    Raises
    ------
    ValueError
        If any component is not finite.
    """
    scaled = np.asarray(vector, dtype=np.float64)
    if not np.isfinite(scaled).all():
        raise ValueError("the components of a vector of the tag space must be finite")
    # Divide by the largest component first: the squares of very large or small ones overflow or underflow.
    largest = np.abs(scaled).max(axis=-1, keepdims=True)
    scaled = scaled / np.where(largest > 0, largest, 1.0)
    length = np.linalg.norm(scaled, axis=-1, keepdims=True)
    scaled = scaled / np.where(length > 0, length, 1.0)
    return scaled.astype(np.float32)


def _table(names: Sequence[str]) -> StringTable:
    try:
        return names if isinstance(names, StringTable) else StringTable(names)
    except ValueError as error:
        raise BundleError(f"the stems of a tag space must be unique, and so must its displays: {error}") from None


class _Tags(BaseModel):
    """Content of `TAGS_FILE`."""

    stems: list[str]
    counts: list[int]
    displays: list[str]


class TagSpace:
    """Stems with their counts, display forms and vectors.

    Vectors and queries are scaled to unit length, so distances compare directions. The vectors are stored only in the
    FAISS index.

    Parameters
    ----------
    stems : sequence of str, (n,)
        Unique.
    counts : array_like of int64, (n,)
        Number of posts in the corpus that use each stem.
    displays : sequence of str, (n,)
        The normalised tag to show for each stem; always one that people have written.
    index : faiss.Index
        n unit vectors under the L2 metric, in the order of `stems`.
    hashtags : sequence of str
        The stems of the hashtags that the embedding was trained on.

    Raises
    ------
    BundleError
        If the parts are inconsistent; the message says which.
    """

    def __init__(
        self,
        stems: Sequence[str],
        counts: ArrayLike,
        displays: Sequence[str],
        index: Any,
        hashtags: Sequence[str],
    ) -> None:
        self.stems, self.displays = _table(stems), _table(displays)
        self.counts: NDArray[np.int64] = np.asarray(counts, dtype=np.int64)
        self.hashtags = list(hashtags)
        self._index = index
        n = len(self.stems)
        if not n or n != len(self.displays):
            raise BundleError(
                f"a tag space needs one display for each stem; it has {n} stems and {len(self.displays)} displays"
            )
        if self.counts.shape != (n,):
            raise BundleError(f"the tag space has {n} stems, but its counts have shape {self.counts.shape}")
        if index.ntotal != n or index.metric_type != faiss.METRIC_L2:
            raise BundleError(
                f"the tag space has {n} stems, but its index holds {index.ntotal} vectors "
                f"(metric {index.metric_type}; {faiss.METRIC_L2}, L2, is needed)"
            )
        if missing := [name for name in self.hashtags if name not in self.stems]:
            raise BundleError(
                f"these hashtags that clips are labelled with have no vector in the tag space: {', '.join(missing)}"
            )
        self.hashtag_vectors: NDArray[np.float32] = np.reshape(
            [self.vector(name) for name in self.hashtags], (-1, self.dimensions)
        ).astype(np.float32)

    @classmethod
    def from_vectors(
        cls,
        stems: Sequence[str],
        counts: ArrayLike,
        displays: Sequence[str],
        vectors: ArrayLike,
        hashtags: Sequence[str] = (),
    ) -> Self:
        """Build a space from non-zero vectors, (n, dimensions); see `models.tags.index.build_index`."""
        matrix = np.asarray(vectors)
        if matrix.ndim != 2:
            raise BundleError(f"the vectors of a tag space must form a matrix; their shape is {matrix.shape}")
        rows = np.empty(matrix.shape, np.float32)
        for start in range(0, len(rows), _CHUNK):
            rows[start : start + _CHUNK] = unit(matrix[start : start + _CHUNK])
        if not rows.any(axis=1).all():
            raise BundleError("a vector of the tag space is all zeros and has no direction")
        return cls(stems, counts, displays, build_index(rows), hashtags)

    def __len__(self) -> int:
        return len(self.stems)

    def __contains__(self, tag: object) -> bool:
        """Return whether the space has the stem of a tag as typed."""
        return isinstance(tag, str) and stem(normalise(tag)) in self.stems

    @property
    def dimensions(self) -> int:
        """Dimensions of the vectors; 100 in the paper."""
        return int(self._index.d)

    def vector(self, name: str) -> NDArray[np.float32]:
        """Return the unit vector of a stem, float32 (dimensions,).

        Raises
        ------
        UnknownTag
            If the space has no such stem.
        """
        # Rescaled to unit length: the index stores vectors in half precision.
        return unit(self._index.reconstruct(self.row(name)))

    def vectors(self, rows: ArrayLike) -> NDArray[np.float32]:
        """Return the unit vectors of the stems in some rows, (n,), as float32 (n, dimensions)."""
        wanted = np.asarray(rows, np.int64)
        return (
            unit(self._index.reconstruct_batch(wanted)) if len(wanted) else np.zeros((0, self.dimensions), np.float32)
        )

    def display(self, name: str) -> str:
        """Return the display form of a stem.

        Raises
        ------
        UnknownTag
            If the space has no such stem.
        """
        return self.displays[self.row(name)]

    def nearest(self, vector: ArrayLike, k: int) -> list[Neighbour]:
        """Return the stems nearest to a vector in L2 distance, nearest first.

        Parameters
        ----------
        vector : array_like of float, (dimensions,)
            Of any length: only its direction matters. The zero vector is at distance 1 from every stem.
        k : int
            Number of stems; all of them if there are fewer.

        Raises
        ------
        ValueError
            If the vector has the wrong shape or is not finite.
        """
        query = self._query(vector)
        # A single query ends before a second thread could start. The setting belongs to the calling thread and may be
        # shared with PyTorch, so it is restored.
        threads = faiss.omp_get_max_threads()
        faiss.omp_set_num_threads(1)
        try:
            squares, rows = search(self._index, query, min(k, len(self)))
        finally:
            faiss.omp_set_num_threads(threads)
        distances = np.sqrt(np.clip(squares.astype(np.float64), 0.0, 4.0))
        found = sorted(zip(distances.tolist(), rows.tolist(), strict=True))
        return [Neighbour(self.stems[row], distance) for distance, row in found]

    def hashtag_distances(self, vector: ArrayLike) -> list[Neighbour]:
        """Return the hashtags that the embedding was trained on, nearest first."""
        distances = np.linalg.norm(self.hashtag_vectors - self._query(vector), axis=1).clip(max=2.0)
        return [Neighbour(self.hashtags[row], float(distances[row])) for row in distances.argsort(kind="stable")]

    def distance(self, vector: ArrayLike, name: str) -> float:
        """Return the L2 distance between a stem and a vector, 0 to 2."""
        return min(float(np.linalg.norm(self.vector(name) - self._query(vector))), 2.0)

    def neighbours(self, tag: str, k: int) -> list[Neighbour]:
        """Return the stems nearest to a tag as typed (``#Beautiful``, ``breast stroke``), excluding its own.

        Raises
        ------
        UnknownTag
            If the space does not contain the tag in any inflection.
        """
        name = stem(normalise(tag))
        found = self.nearest(self.vector(name), k + 1)
        return [neighbour for neighbour in found if neighbour.stem != name][:k]

    def save(self, folder: Path) -> list[Path]:
        """Write `TAGS_FILE` and `INDEX_FILE` to an existing folder; return their paths."""
        tags = _Tags(stems=list(self.stems), counts=self.counts.tolist(), displays=list(self.displays))
        (folder / TAGS_FILE).write_bytes(tags.model_dump_json().encode() + b"\n")
        faiss.write_index(self._index, str(folder / INDEX_FILE))
        return [folder / TAGS_FILE, folder / INDEX_FILE]

    @classmethod
    def load(cls, folder: Path, hashtags: Sequence[str] = ()) -> Self:
        """Read what `save` wrote.

        Raises
        ------
        BundleError
            If a file is missing or damaged, or the two are inconsistent.
        """
        tags_file, index_file = folder / TAGS_FILE, folder / INDEX_FILE
        try:
            tags = _Tags.model_validate_json(tags_file.read_bytes(), strict=True)
        except (OSError, ValueError) as error:
            raise BundleError(
                f"{tags_file}: cannot be read as the tags of a tag space: {error}. Fetch or train the bundle anew."
            ) from error
        stems, counts, displays = _table(tags.stems), np.asarray(tags.counts, dtype=np.int64), _table(tags.displays)
        del tags  # frees its memory before the index is loaded
        try:
            index = faiss.read_index(str(index_file))
        except RuntimeError as error:
            raise BundleError(
                f"{index_file}: cannot be read as a FAISS index: {error}. Fetch or train the bundle anew."
            ) from error
        space = cls(stems, counts, displays, index, hashtags)
        for start in range(0, len(space), _CHUNK):
            rows = index.reconstruct_batch(np.arange(start, min(start + _CHUNK, len(space))))
            if not np.allclose(np.linalg.norm(rows, axis=1), 1.0, atol=1e-3):
                raise BundleError(f"{index_file}: its vectors are not of unit length. Fetch or train the bundle anew.")
        return space

    def row(self, name: str) -> int:
        """Return the row of a stem.

        Raises
        ------
        UnknownTag
            If the space has no such stem.
        """
        row = self.stems.row(name)
        if row is None:
            raise UnknownTag(
                f"{name!r} is not in the tag space: too few posts of its corpus use it. Try another word or spelling."
            )
        return row

    def _query(self, vector: ArrayLike) -> NDArray[np.float32]:
        query = unit(vector)
        if query.shape != (self.dimensions,):
            raise ValueError(f"the tag space has {self.dimensions} dimensions, but the vector has shape {query.shape}")
        return query
