"""Tags for what pictures show: those that classes of the image network name, but too few posts use."""

from collections import defaultdict
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from models.tags.class_anchors import ImageClass
from models.tags.space import unit
from models.tags.stemming import stem

Array = NDArray[np.float32]


def with_named(
    stems: Sequence[str],
    counts: Sequence[int],
    displays: Sequence[str],
    vectors: Array,
    classes: Sequence[ImageClass],
) -> tuple[list[str], list[int], list[str], Array]:
    """Append the tags of classes that a tag space lacks, so that what is seen can be named.

    The vector of such a tag is the mean of the unit vectors of the other tags of its classes; where the space has none
    of these, the tag is left out. Its count is 0.

    Parameters
    ----------
    stems, counts, displays, vectors
        As `models.tags.space.TagSpace.from_vectors` takes them: (n,) each, and float32 (n, dimensions).
    classes : sequence of ImageClass

    Returns
    -------
    stems, counts, displays, vectors
        The same with more rows; those of the new tags are the last, in the order of the classes.
    """
    row = {name: number for number, name in enumerate(stems)}
    rows_beside: defaultdict[str, list[int]] = defaultdict(list)
    shown: dict[str, str] = {}
    for one in classes:
        beside = [row[stem(tag)] for tag in one.tags if stem(tag) in row]
        for tag in one.tags:
            if stem(tag) not in row and beside:
                shown.setdefault(stem(tag), tag)
                rows_beside[stem(tag)] += beside
    added = [unit(unit(vectors[rows]).mean(axis=0)) for rows in rows_beside.values()]
    return (
        [*stems, *rows_beside],
        [*counts, *(0 for _ in rows_beside)],
        [*displays, *shown.values()],
        np.concatenate([vectors, np.reshape(added, (-1, vectors.shape[1]))]).astype(np.float32),
    )
