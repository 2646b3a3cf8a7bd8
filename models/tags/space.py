"""The Tag2Vec space: a vector for every stem, and the nearest tags to a vector or to a tag."""

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
    """A stem near to a query, and its L2 distance from it: 0 (the same direction) to 2 (the opposite one)."""

    stem: str
    distance: float

    @property
    def score(self) -> float:
        """From 1, the same direction, to 0."""
        return 1.0 - self.distance / 2.0


def unit(vector: ArrayLike) -> NDArray[np.float32]:
    """Scale a vector, or each row of a matrix, to unit length; zeros stay zeros.

    Raises
    ------
    ValueError
        If a number is not finite.
    """
    scaled = np.asarray(vector, dtype=np.float64)
    if not np.isfinite(scaled).all():
        raise ValueError("a vector of the tag space must be finite")
    # By the largest number first: squares of very large or small ones leave the range of a double.
    largest = np.abs(scaled).max(axis=-1, keepdims=True)
    scaled = scaled / np.where(largest > 0, largest, 1.0)
    length = np.linalg.norm(scaled, axis=-1, keepdims=True)
    scaled = scaled / np.where(length > 0, length, 1.0)
    return scaled.astype(np.float32)


def _table(names: Sequence[str]) -> StringTable:
    try:
        return names if isinstance(names, StringTable) else StringTable(names)
    except ValueError as error:
        raise BundleError(f"the tag space needs stems, each once, and displays, each once: {error}") from None


class _Tags(BaseModel):
    """What `TAGS_FILE` holds."""

    stems: list[str]
    counts: list[int]
    displays: list[str]


class TagSpace:
    """Stems with their counts, the forms in which they are shown, and their vectors.

    The vectors lie on the unit sphere, and so do the queries: a distance is that between directions. They are
    stored once, in the FAISS index.

    Parameters
    ----------
    stems : sequence of str, (n,)
        Each once.
    counts : array_like of int64, (n,)
        In how many posts of the corpus each stem occurs.
    displays : sequence of str, (n,)
        The normalised tag to show for each stem; never a stem that nobody wrote.
    index : faiss.Index
        n vectors of unit length under the L2 metric, in the order of `stems`.
    hashtags : sequence of str
        The stems that clips were trained towards.

    Raises
    ------
    BundleError
        If the parts do not fit together; says which and how.
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
            raise BundleError(f"the tag space needs stems and as many displays; it has {n} and {len(self.displays)}")
        if self.counts.shape != (n,):
            raise BundleError(f"the tag space has {n} stems, but counts of shape {self.counts.shape}")
        if index.ntotal != n or index.metric_type != faiss.METRIC_L2:
            raise BundleError(
                f"the tag space has {n} stems, but its index holds {index.ntotal} vectors "
                f"(metric {index.metric_type}; {faiss.METRIC_L2}, L2, is needed)"
            )
        if missing := [name for name in self.hashtags if name not in self.stems]:
            raise BundleError(f"hashtags that clips are trained towards have no vector: {', '.join(missing)}")
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
        """Build a space from vectors, (n, dimensions), of any length but zero; see `build_index`."""
        matrix = np.asarray(vectors)
        if matrix.ndim != 2:
            raise BundleError(f"the vectors of a tag space form a matrix, not {matrix.shape}")
        rows = np.empty(matrix.shape, np.float32)
        for start in range(0, len(rows), _CHUNK):
            rows[start : start + _CHUNK] = unit(matrix[start : start + _CHUNK])
        if not rows.any(axis=1).all():
            raise BundleError("the vectors of a tag space have directions, but one of them is a row of zeros")
        return cls(stems, counts, displays, build_index(rows), hashtags)

    def __len__(self) -> int:
        return len(self.stems)

    def __contains__(self, tag: object) -> bool:
        """Tell whether a tag as typed, by its stem, is in the space."""
        return isinstance(tag, str) and stem(normalise(tag)) in self.stems

    @property
    def dimensions(self) -> int:
        """Dimensions of the vectors, 100 for the paper's."""
        return int(self._index.d)

    def vector(self, name: str) -> NDArray[np.float32]:
        """Return the unit vector, float32 (dimensions,), of a stem.

        Raises
        ------
        UnknownTag
            If the space has no such stem.
        """
        # To unit length again: an index of many vectors stores them coarsely.
        return unit(self._index.reconstruct(self.row(name)))

    def display(self, name: str) -> str:
        """Return the form in which a stem is shown.

        Raises
        ------
        UnknownTag
            If the space has no such stem.
        """
        return self.displays[self.row(name)]

    def nearest(self, vector: ArrayLike, k: int) -> list[Neighbour]:
        """Find the stems nearest to a vector by L2, nearest first.

        Parameters
        ----------
        vector : array_like of float, (dimensions,)
            Of any length: its direction counts. Zeros have none and are at distance 1 from every stem.
        k : int
            How many; as many as there are if there are fewer.

        Raises
        ------
        ValueError
            If the vector has another shape or a number that is not finite.
        """
        query = self._query(vector)
        # One query is over before a second thread has started. The setting is the calling thread's own, and
        # torch may read the same one: it is put back.
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
        """Return the hashtags that clips were trained towards, nearest first."""
        distances = np.linalg.norm(self.hashtag_vectors - self._query(vector), axis=1).clip(max=2.0)
        return [Neighbour(self.hashtags[row], float(distances[row])) for row in distances.argsort(kind="stable")]

    def distance(self, vector: ArrayLike, name: str) -> float:
        """Return the L2 distance of a stem from a vector, 0 to 2."""
        return min(float(np.linalg.norm(self.vector(name) - self._query(vector))), 2.0)

    def neighbours(self, tag: str, k: int) -> list[Neighbour]:
        """Find the stems nearest to a tag as typed (``#Beautiful``, ``breast stroke``), without itself.

        Raises
        ------
        UnknownTag
            If the space has never seen the tag in any inflection.
        """
        name = stem(normalise(tag))
        found = self.nearest(self.vector(name), k + 1)
        return [neighbour for neighbour in found if neighbour.stem != name][:k]

    def save(self, folder: Path) -> list[Path]:
        """Write `TAGS_FILE` and `INDEX_FILE` into a folder that exists; return their paths."""
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
            If a file is missing or damaged, or the files do not belong together.
        """
        tags_file, index_file = folder / TAGS_FILE, folder / INDEX_FILE
        try:
            tags = _Tags.model_validate_json(tags_file.read_bytes(), strict=True)
        except (OSError, ValueError) as error:
            raise BundleError(f"{tags_file}: cannot be read as the tags of a tag space: {error}") from error
        stems, counts, displays = _table(tags.stems), np.asarray(tags.counts, dtype=np.int64), _table(tags.displays)
        del tags  # before the index comes into memory
        try:
            index = faiss.read_index(str(index_file))
        except RuntimeError as error:
            raise BundleError(f"{index_file}: cannot be read as a FAISS index: {error}") from error
        space = cls(stems, counts, displays, index, hashtags)
        for start in range(0, len(space), _CHUNK):
            rows = index.reconstruct_batch(np.arange(start, min(start + _CHUNK, len(space))))
            if not np.allclose(np.linalg.norm(rows, axis=1), 1.0, atol=1e-3):
                raise BundleError(f"{index_file}: holds vectors that are not of unit length")
        return space

    def row(self, name: str) -> int:
        """Return the place of a stem, from 0.

        Raises
        ------
        UnknownTag
            If the space has no such stem.
        """
        row = self.stems.row(name)
        if row is None:
            raise UnknownTag(
                f"no post of the corpus that the tag space was learnt from uses {name!r} often enough; "
                "try another word or spelling"
            )
        return row

    def _query(self, vector: ArrayLike) -> NDArray[np.float32]:
        query = unit(vector)
        if query.shape != (self.dimensions,):
            raise ValueError(f"the tag space has {self.dimensions} dimensions, the vector {query.shape}")
        return query
