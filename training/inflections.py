"""Learns inflections: which tags each occurs with, for stems that are often written in several."""

import logging
from collections.abc import Sequence
from itertools import islice
from pathlib import Path

import numpy as np

from models.tags.inflections import Inflections
from models.tags.space import TagSpace
from models.tags.stemming import normalise, stem
from training.artifacts import Artifacts
from training.corpus import CorpusSettings, read_stems
from training.posts import read_posts

log = logging.getLogger(__name__)

SHARE, LEAST = 0.3, 5
"""To be shown, an inflection needs this share of the posts of the most common one, and this number of posts."""


def learn_inflections(out: Path, artifacts: Artifacts, *, posts: Sequence[Path], settings: CorpusSettings) -> None:
    """Learn which tags inflections occur with, from posts as they were written, and write that.

    Parameters
    ----------
    out : Path
        Folder for the file of `Inflections.save`.
    artifacts : Artifacts
        `corpus` and `tag2vec` are read.
    posts, settings
        Those that the corpus was made from.
    """
    space = TagSpace.load(artifacts.tag2vec)
    vectors = np.stack([space.vector(name) for name in space.stems])
    # Not `in space`, which takes tags as typed: stemming a stem may give another one.
    row_of = {name: row for row, name in enumerate(space.stems)}
    alternatives = {
        (row_of[entry.name], tag): place
        for place, (entry, tag) in enumerate(
            (entry, tag)
            for entry in read_stems(artifacts.corpus)
            if entry.name in row_of
            for tag in common(entry.inflections)
        )
    }
    company = np.zeros((len(alternatives), space.dimensions))
    for tags, _, source in islice((post for path in posts for post in read_posts(path)), 0, None, settings.every):
        if source in settings.without_sources:
            continue
        written: dict[int, str] = {}
        for normal in map(normalise, tags):
            if (row := row_of.get(stem(normal))) is not None:
                written.setdefault(row, normal)
        rows = list(written)[: settings.max_tags]
        places = [(place, row) for row in rows if (place := alternatives.get((row, written[row]))) is not None]
        if places and len(rows) > 1:
            whole = vectors[rows].sum(axis=0)
            for place, row in places:
                beside = whole - vectors[row]
                company[place] += beside / max(float(np.linalg.norm(beside)), 1e-9)
    company /= np.maximum(np.linalg.norm(company, axis=1, keepdims=True), 1e-9)
    rows_of = np.array([row for row, _ in alternatives], np.int32)
    Inflections(rows_of, [tag for _, tag in alternatives], company.astype(np.float16)).save(out)
    log.info("inflections: %d, of %d stems that are written in several", len(alternatives), len(np.unique(rows_of)))


def common(inflections: dict[str, int]) -> list[str]:
    """Return the inflections that are nearly as common as the most common one, with it; none if there are no others."""
    most = max(inflections.values())
    found = [tag for tag, count in inflections.items() if count >= max(SHARE * most, LEAST)]
    return found if len(found) > 1 else []
