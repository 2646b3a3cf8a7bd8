"""End to end: how many of the hashtags suggested for a clip would people use beside its own, by posts kept apart.

A clip is embedded by a network that saw none of its group, towards a tag space of one half of the posts; the other half
judges (`training.relevance`). Both halves in turn.
"""

from collections import defaultdict
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from pydantic import BaseModel

from models.tags.suggestions import Suggester, Suggestion
from training.evaluation.folds import Rows
from training.evaluation.nearest import hashtag_ranks
from training.examples import stem_of, target_vectors
from training.post_splits import HALVES, read_co_use

Array = NDArray[np.float32]

SUGGESTED = 15


class Relevant(BaseModel):
    """Of 15 hashtags, those relevant (the mean over hashtags of the mean over their clips), and clips with none."""

    relevant: float
    none: float


class HashtagCoUse(BaseModel):
    """One hashtag, with the number of its posts; relevant of 15 for its clips, and for the tag itself.

    `right`, `wrong`: of the clips whose nearest trained hashtag is its own, or another; None where there is none.
    """

    hashtag: str
    posts: int
    clips: int
    end_to_end: float
    none: float
    right: float | None
    wrong: float | None
    own_tag: float
    plain: float
    counted: float


class CoUseQuality(BaseModel):
    """Relevant of 15 by co-use.

    `end_to_end`: for clips; `right`, `wrong`: for those of them whose nearest trained hashtag is the right one, or not.
    The others need no clip: `own_tag`, `other_tag`: what is suggested for the right hashtag's own vector, and for those
    of all other hashtags; `plain`: the tags nearest to the right one; `counted`: those counted most beside it (NPMI
    times the logarithm of the count); `popular`: those of most posts; `random`: any.
    """

    suggested: int = SUGGESTED
    end_to_end: Relevant
    right: Relevant
    wrong: Relevant
    own_tag: Relevant
    other_tag: Relevant
    plain: Relevant
    counted: Relevant
    popular: Relevant
    random: Relevant
    hashtags: list[HashtagCoUse]


class Judged(BaseModel):
    """What was suggested for a clip by what one half of the posts taught, by rank.

    `expected`: the relevance that the ranking expected; `relevant`: what the other half says.
    """

    tags: list[str]
    expected: list[float]
    relevant: list[bool]


class Half:
    """A tag space learnt on one half of the posts, with the other half as its judge.

    Parameters
    ----------
    folder : Path
        Of `training.post_splits`.
    number : int
        Index in `HALVES`.
    hashtags : sequence of str
        That clips were trained towards.
    """

    def __init__(self, folder: Path, number: int, hashtags: Sequence[str]) -> None:
        self.hashtags = list(hashtags)
        self.stems = [stem_of(hashtag) for hashtag in hashtags]
        self._suggester = Suggester.load(folder / HALVES[number], self.stems)
        self.space = self._suggester.space
        self.targets = target_vectors(self.space, hashtags)
        self.learnt = read_co_use(folder / HALVES[number])
        self.judge = read_co_use(folder / HALVES[1 - number])

    def suggest(self, vector: Array) -> list[Suggestion]:
        """Return what is suggested for a vector, float32 (out,)."""
        return self._suggester.suggest(vector, k=SUGGESTED)

    def relevant(self, label: int, stems: Sequence[str]) -> list[bool]:
        """Tell which stems are relevant to a hashtag; a stem counts once."""
        approved = self.judge.relevants(self.stems[label])
        return [stem in approved and stem not in stems[:place] for place, stem in enumerate(stems)]

    def hits(self, label: int, stems: Sequence[str]) -> int:
        """Count the relevant."""
        return sum(self.relevant(label, stems))


def judged_clips(halves: Sequence[Half], labels: Rows, embedded: Array) -> list[list[Judged]]:
    """Suggest for every clip by what each half taught, and judge by the other: a list for each half.

    Parameters
    ----------
    halves : sequence of Half
    labels : int64 (n,)
    embedded : float32 (halves, n, out)
    """
    answers: list[list[Judged]] = []
    for half, vectors in zip(halves, embedded, strict=True):
        answers.append([])
        for label, vector in zip(labels, vectors, strict=True):
            found = half.suggest(vector)
            relevant = half.relevant(label, [stem_of(one.tag) for one in found])
            answers[-1].append(
                Judged(tags=[one.tag for one in found], expected=[one.relevance for one in found], relevant=relevant)
            )
    return answers


def co_use_quality(
    halves: Sequence[Half], labels: Rows, embedded: Array, answers: Sequence[Sequence[Judged]], seed: int
) -> CoUseQuality:
    """Sum up what `judged_clips` found, next to suggestions that need no clip."""
    hits = np.array([[sum(answer.relevant) for answer in clips] for clips in answers])
    right = np.array(
        [hashtag_ranks(vectors, labels, half.targets) == 0 for half, vectors in zip(halves, embedded, strict=True)]
    )
    both = np.broadcast_to(labels, hits.shape)
    bare = [_without_clips(half, seed) for half in halves]
    by_hashtag = {name: np.mean([hits[name] for hits in bare], axis=0) for name in bare[0]}
    hashtags = []
    for label, hashtag in enumerate(halves[0].hashtags):
        own = both == label
        hashtags.append(
            HashtagCoUse(
                hashtag=hashtag,
                posts=sum(half.learnt.count(half.stems[label]) for half in halves),
                clips=int((labels == label).sum()),
                end_to_end=_mean(hits[own]) or 0.0,
                none=_mean(hits[own] == 0) or 0.0,
                right=_mean(hits[own & right]),
                wrong=_mean(hits[own & ~right]),
                **{name: round(float(by_hashtag[name][label]), 3) for name in ("own_tag", "plain", "counted")},
            )
        )
    return CoUseQuality(
        end_to_end=_relevant(hits, both),
        right=_relevant(hits[right], both[right]),
        wrong=_relevant(hits[~right], both[~right]),
        hashtags=hashtags,
        **{
            name: Relevant(relevant=_mean(found) or 0.0, none=_mean(found == 0) or 0.0)
            for name, found in by_hashtag.items()
        },
    )


def _without_clips(half: Half, seed: int) -> dict[str, NDArray[np.float64]]:
    """Return the relevant of 15 for each hashtag, float64 (hashtags,), of each way that needs no clip."""
    rng = np.random.default_rng(seed)
    suggested = [[stem_of(one.tag) for one in half.suggest(vector)] for vector in half.targets]
    popular = half.learnt.most_popular(SUGGESTED)
    hits: dict[str, list[float]] = defaultdict(list)
    for label, name in enumerate(half.stems):
        hits["own_tag"].append(half.hits(label, suggested[label]))
        hits["other_tag"].append(
            float(np.mean([half.hits(label, stems) for other, stems in enumerate(suggested) if other != label]))
        )
        hits["plain"].append(half.hits(label, [one.stem for one in half.space.nearest(half.targets[label], SUGGESTED)]))
        hits["counted"].append(half.hits(label, half.learnt.ranked(name, SUGGESTED)))
        hits["popular"].append(half.hits(label, popular))
        drawn = rng.permutation(len(half.space))[:SUGGESTED]
        hits["random"].append(half.hits(label, [half.space.stems[row] for row in drawn]))
    return {name: np.array(found, np.float64) for name, found in hits.items()}


def _mean(values: NDArray[Any]) -> float | None:
    return round(float(values.mean()), 3) if values.size else None


def _relevant(hits: NDArray[np.int64], labels: Rows) -> Relevant:
    means = [hits[labels == label].mean() for label in np.unique(labels)]
    return Relevant(relevant=_mean(np.array(means)) or 0.0, none=_mean(hits == 0) or 0.0)
