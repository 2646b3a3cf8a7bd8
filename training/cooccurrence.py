"""Learns co-occurrence from the posts of a corpus: which tags go with which, and how likely."""

import logging
from array import array
from collections.abc import Iterable, Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_matrix

from models.tags.cooccurrence import Cooccurrence
from models.tags.space import TagSpace
from training.artifacts import Artifacts
from training.corpus import read_sentences
from training.near_duplicates import near_duplicates

log = logging.getLogger(__name__)

COMPANIONS = 64
"""Companions to keep of each stem: the most relevant."""

LEAST = 0.02
"""Relevance below which a companion is not kept."""

USE = 0.3
"""Power of the share of a stem's posts that use a companion. Of the companions that surely go with a stem, people write
the common ones: with this power the first five are in 7 to 9 % more of unseen posts, and as many are relevant."""

BLOCK = 256
"""Stems whose companions are counted at a time, to limit memory."""

INTERCEPT, MET, SURPRISE, OWN, OTHER = -6.4, 0.1, 1.9, 0.4, 0.35
"""Of the logistic regression in `going_together`."""


def learn_cooccurrence(out: Path, artifacts: Artifacts) -> None:
    """Count co-occurrence of the stems that have a vector, and write it."""
    count_cooccurrence(artifacts.corpus, TagSpace.load(artifacts.tag2vec).stems).save(out)


def count_cooccurrence(corpus: Path, stems: Sequence[str]) -> Cooccurrence:
    """Count which stems occur together; a cluster of near-duplicate posts, made from one template, counts as one post.

    Parameters
    ----------
    corpus : Path
        Folder that `training.corpus.build_corpus` wrote.
    stems : sequence of str
        Those of the tag space, in its order; others are ignored.
    """
    cluster = near_duplicates(read_sentences(corpus))
    templates = int(cluster.max(initial=-1)) + 1
    posts = incidence(read_sentences(corpus), stems)
    weighted = csr_matrix(posts.multiply(1 / np.bincount(cluster)[cluster][:, None]))
    counts = np.asarray(weighted.sum(axis=0), np.float64).ravel()
    columns = posts.T.tocsr()
    rows: list[tuple[NDArray[np.int32], NDArray[np.float16]]] = []
    for start in range(0, len(stems), BLOCK):
        together = csr_matrix(columns[start : start + BLOCK] @ weighted)
        for place in range(together.shape[0]):
            entries = slice(together.indptr[place], together.indptr[place + 1])
            companions, met = together.indices[entries], together.data[entries].astype(np.float64)
            other = companions != start + place
            companions, met = companions[other], met[other]
            if not len(met):
                rows.append((np.zeros(0, np.int32), np.zeros(0, np.float16)))
                continue
            own = counts[start + place]
            relevance = going_together(met, own, counts[companions], templates) * (met / own) ** USE
            best = np.lexsort((companions, -relevance))[:COMPANIONS]
            best = best[relevance[best] >= LEAST]
            rows.append((companions[best].astype(np.int32), relevance[best].astype(np.float16)))
    starts = np.cumsum([0, *(len(companions) for companions, _ in rows)]).astype(np.int64)
    log.info("co-occurrence: %d templates of %d posts, %d companions", templates, len(cluster), starts[-1])
    return Cooccurrence(
        starts,
        np.concatenate([companions for companions, _ in rows]),
        np.concatenate([relevance for _, relevance in rows]),
    )


def going_together(met: NDArray[np.float64], own: float, other: NDArray[np.float64], posts: int) -> NDArray[np.float64]:
    """Return the probability, float64 (n,), that tags which occur together in some posts go together in others.

    A logistic regression on the logarithms of counts, fitted to pairs of tags that occur together in one quarter of the
    posts and were judged by another quarter (`training.relevance`).

    Parameters
    ----------
    met : float64 (n,)
        Posts with both tags.
    own, other : float, float64 (n,)
        Posts with each.
    posts : int
        All posts.
    """
    surprise = np.log((met + 0.5) / (own * other / posts + 0.5))
    logit = INTERCEPT + MET * np.log(met) + SURPRISE * surprise + OWN * np.log(own) + OTHER * np.log(other)
    probability: NDArray[np.float64] = 1 / (1 + np.exp(-logit))
    return probability


def incidence(sentences: Iterable[Sequence[str]], stems: Sequence[str]) -> csr_matrix:
    """Return which stems each post uses, float32 (posts, stems) of zeros and ones."""
    row = {name: number for number, name in enumerate(stems)}
    tags, starts = array("q"), array("q", [0])
    for sentence in sentences:
        tags.extend({row[name] for name in sentence if name in row})
        starts.append(len(tags))
    indices, indptr = np.frombuffer(tags, np.int64), np.frombuffer(starts, np.int64)
    return csr_matrix((np.ones(len(indices), np.float32), indices, indptr), (len(indptr) - 1, len(stems)))
