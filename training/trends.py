"""Counts trends: the posts of each tag by week, if the posts have dates."""

import logging
from collections.abc import Sequence
from pathlib import Path

import numpy as np
from scipy.sparse import csr_matrix

from models.tags.space import TagSpace
from models.tags.trends import Trends
from training.artifacts import Artifacts
from training.cooccurrence import incidence
from training.corpus import read_dates, read_sentences

log = logging.getLogger(__name__)

WINDOWS, DAYS = 12, 7
"""The last twelve weeks up to the newest post."""


def learn_trends(out: Path, artifacts: Artifacts) -> None:
    """Count the stems that have a vector by week, and write the counts; nothing if the posts show no trend."""
    if trends := count_trends(artifacts.corpus, TagSpace.load(artifacts.tag2vec).stems):
        trends.save(out)


def count_trends(corpus: Path, stems: Sequence[str]) -> Trends | None:
    """Count the posts of each stem by week; None if fewer than two of the last weeks have dated posts.

    Parameters
    ----------
    corpus : Path
        Folder that `training.corpus.build_corpus` wrote.
    stems : sequence of str
        Those of the tag space, in its order.
    """
    days = np.array([day.toordinal() if day else 0 for day in read_dates(corpus)], np.int64)
    starts = days.max(initial=0) + 1 - DAYS * np.arange(WINDOWS, 0, -1)
    window = (days - starts[0]) // DAYS
    recent = np.flatnonzero((days > 0) & (window >= 0))
    posts = np.bincount(window[recent], minlength=WINDOWS)
    if (posts > 0).sum() < 2:
        log.info(
            "trends: none, for fewer than two of the last %d weeks have posts; %d posts have a date",
            WINDOWS,
            (days > 0).sum(),
        )
        return None
    place = (window[recent], recent)
    by_window = csr_matrix((np.ones(len(recent), np.float32), place), (WINDOWS, len(days)))
    counts = (by_window @ incidence(read_sentences(corpus), stems)).toarray().T
    log.info("trends: %d posts of the last %d weeks", len(recent), WINDOWS)
    return Trends(starts, posts.astype(np.int64), np.ascontiguousarray(counts.round().astype(np.int32)))
