"""Draws the map of the tag space: t-SNE of all tag vectors, divided into regions named after typical tags.

van der Maaten and Hinton, "Visualizing data using t-SNE" (JMLR 2008), by openTSNE, which interpolates (Linderman et
al., "Fast interpolation-based t-SNE", Nature Methods 2019).
"""

import logging
from pathlib import Path
from typing import Final

import numpy as np
from numpy.typing import NDArray
from openTSNE import TSNE
from sklearn.cluster import KMeans

from models.tags.deny_list import DenyList
from models.tags.kinds import TagKinds
from models.tags.space import TagSpace
from models.tags.tag_map import SIDE, TagMap
from training.artifacts import Artifacts
from training.corpus import DENIED_TAGS
from training.tables import TAG_KINDS

log = logging.getLogger(__name__)

PERPLEXITY: Final = 30.0
FEWEST: Final = 10
"""Minimum number of tags for a map."""
REGIONS: Final = 30
TAGS_OF_REGION: Final = 50
"""Minimum mean number of tags per region."""
NAMES: Final = 5
"""Candidate names per region: an operator may deny some of them."""


def learn_map(out: Path, artifacts: Artifacts) -> None:
    """Place all tags that have a vector, and write the map; nothing if there are too few of them."""
    space = TagSpace.load(artifacts.tag2vec)
    if len(space) < FEWEST:
        log.info("map: none, because there are only %d tags", len(space))
        return
    kinds, denied = TagKinds.read(TAG_KINDS), DenyList.read(DENIED_TAGS)
    ordinary = np.array(
        [
            kinds.kind(stem) is None and not denied.denies(display)
            for stem, display in zip(space.stems, space.displays, strict=True)
        ]
    )
    tag_map = draw(space.vectors(np.arange(len(space))), space.counts, ordinary)
    tag_map.save(out)
    titles = [" ".join(space.displays[row] for row in rows if row >= 0) for rows in tag_map.names.tolist()]
    log.info("map: %d tags in %d regions: %s", len(tag_map), len(titles), "; ".join(titles))


def draw(vectors: NDArray[np.float32], counts: NDArray[np.int64], ordinary: NDArray[np.bool_]) -> TagMap:
    """Return the map of at least `FEWEST` tags; the same for the same tags.

    Parameters
    ----------
    vectors : float32 (n, dimensions)
        Of unit length.
    counts : int64 (n,)
        Posts that use each tag.
    ordinary : bool (n,)
        Whether a tag may name a region.
    """
    perplexity = min(PERPLEXITY, (len(vectors) - 1) / 3)
    # Euclidean distances of unit vectors order neighbours as cosines do.
    placed = TSNE(perplexity=perplexity, neighbors="exact", random_state=0, n_jobs=1).fit(vectors.astype(np.float64))
    positions = np.asarray(placed, np.float64)
    regions = max(1, min(REGIONS, len(vectors) // TAGS_OF_REGION))
    region = KMeans(regions, n_init=4, random_state=0).fit_predict(positions).astype(np.uint8)
    names = [_typical(np.flatnonzero(region == number), vectors, counts, ordinary) for number in range(regions)]
    return TagMap(_scaled(positions), region, np.array(names, np.int32))


def _scaled(positions: NDArray[np.float64]) -> NDArray[np.uint16]:
    """Return positions as coordinates of the map, centred, with their aspect ratio."""
    low, high = positions.min(axis=0), positions.max(axis=0)
    scale = SIDE / max(float((high - low).max()), np.finfo(np.float64).tiny)
    coordinates = (positions - (low + high) / 2) * scale + SIDE / 2
    return np.asarray(coordinates.clip(0, SIDE).round(), np.uint16)


def _typical(
    rows: NDArray[np.int64], vectors: NDArray[np.float32], counts: NDArray[np.int64], ordinary: NDArray[np.bool_]
) -> list[int]:
    """Return the rows of a region's tags that are both typical of it and well used, best first, filled up with -1."""
    use = np.log1p(counts[rows])
    centre = use @ vectors[rows]
    typical = (vectors[rows] @ centre).clip(0) / max(float(np.linalg.norm(centre)), np.finfo(np.float64).tiny)
    # A tag that is used ten times as often may be somewhat less typical, but not much.
    merit = np.where(ordinary[rows], use**3 * typical**2, 0)
    best = np.argsort(-merit, kind="stable")[:NAMES]
    found = [int(rows[place]) for place in best if merit[place] > 0]
    return found + [-1] * (NAMES - len(found))
