"""End to end: how many of the hashtags suggested for a clip people use together with its own, by unseen posts.

A clip is embedded by a network that saw none of its group, towards a tag space of one half of the posts; the other half
judges (`training.relevance`). Each half does both in turn.
"""

from collections import defaultdict
from collections.abc import Sequence
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from pydantic import BaseModel

from models.calibration import FIRST, Calibration
from models.tags.class_anchors import ClassAnchors, ImageClass
from models.tags.cooccurrence import Cooccurrence
from models.tags.kinds import TagKinds
from models.tags.space import TagSpace
from models.tags.suggestions import Suggester
from training.evaluation.folds import Rows
from training.evaluation.nearest import hashtag_ranks
from training.examples import stem_of, target_vectors
from training.post_splits import SPLITS, read_co_use
from training.tables import TAG_KINDS

Array = NDArray[np.float32]

SUGGESTED = 15


class Relevant(BaseModel):
    """Relevant hashtags of 15, the mean over hashtags of the mean over clips; and the share of clips with none."""

    relevant: float
    none: float


class HashtagCoUse(BaseModel):
    """One hashtag and the number of its posts; relevant of 15 for its clips, and for the tag itself.

    `right`, `wrong`: for clips whose nearest trained hashtag is their own, or another; None without such clips.
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

    `end_to_end`: for clips; `right`, `wrong`: for those whose nearest trained hashtag is the right one, or not. The
    others need no clip: `own_tag`, `other_tag`: suggestions for the right hashtag's own vector, and for those of all
    other hashtags; `plain`: the tags nearest to the right one; `counted`: those most often used with it (by NPMI times
    the logarithm of the count); `popular`: those with the most posts; `random`: any.
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
    """Suggestions for a clip learnt from one half of the posts, by rank.

    `expected`: the relevance that the ranking expected; `relevant`: the judgement of the other half; `any_right`: the
    probability that one of the first five is right, by the calibration.
    """

    tags: list[str]
    expected: list[float]
    relevant: list[bool]
    any_right: float


class PostSplit:
    """A tag space learnt from one half of the posts, with the other half as its judge.

    Parameters
    ----------
    folder : Path
        Of `training.post_splits`.
    number : int
        Index in `SPLITS`.
    hashtags : sequence of str
        Those that clips were trained on.
    temperature : float
        Of the embedding's softmax.
    classes : sequence of ImageClass
        What the image network can tell.
    """

    def __init__(
        self, folder: Path, number: int, hashtags: Sequence[str], temperature: float, classes: Sequence[ImageClass]
    ) -> None:
        self.hashtags = list(hashtags)
        self.stems = [stem_of(hashtag) for hashtag in hashtags]
        self.temperature = temperature
        self._folder = folder / SPLITS[number]
        self.space = TagSpace.load(self._folder, self.stems)
        self._make = partial(
            Suggester,
            cooccurrence=Cooccurrence.load(self._folder),
            temperature=temperature,
            classes=ClassAnchors(classes, self.space),
            kinds=TagKinds.read(TAG_KINDS),
        )
        self.suggester = self._make(self.space)
        self.targets = target_vectors(self.space, hashtags)
        self.learnt = read_co_use(folder / SPLITS[number])
        self.judge = read_co_use(folder / SPLITS[1 - number])

    def suggester_without(self, label: int) -> Suggester:
        """Return a suggester for networks that saw no clip of a hashtag, given by its index in `hashtags`."""
        others = [other for other in self.stems if other != self.stems[label]]
        return self._make(TagSpace.load(self._folder, others))

    def relevant(self, label: int, stems: Sequence[str]) -> list[bool]:
        """Return which stems are relevant to a hashtag; repeats of a stem are not."""
        relevant = self.judge.relevants(self.stems[label])
        return [stem in relevant and stem not in stems[:rank] for rank, stem in enumerate(stems)]

    def hits(self, label: int, stems: Sequence[str]) -> int:
        """Count the relevant stems."""
        return sum(self.relevant(label, stems))


def judged_clips(
    splits: Sequence[PostSplit],
    labels: Rows,
    embedded: Array,
    probabilities: Array,
    calibration: Calibration,
    *,
    left_out: bool = False,
) -> list[list[Judged]]:
    """Return judged suggestions for every clip, a list for each split.

    Parameters
    ----------
    splits : sequence of PostSplit
    labels : int64 (n,)
    embedded : float32 (splits, n, out)
    probabilities : float32 (n, classes)
    calibration : Calibration
        All but its score is used.
    left_out : bool
        Whether the networks saw no clip of a clip's hashtag.
    """
    answers: list[list[Judged]] = []
    for split, vectors in zip(splits, embedded, strict=True):
        suggesters = [
            split.suggester_without(label) if left_out else split.suggester for label in range(len(split.hashtags))
        ]
        answers.append([])
        for label, vector, classes in zip(labels.tolist(), vectors, probabilities, strict=True):
            clip = suggesters[label].recognition(vector, classes)
            found = suggesters[label].suggest(vector, classes, share=calibration.share(clip), k=SUGGESTED)
            expected = [one.relevance for one in found]
            answers[-1].append(
                Judged(
                    tags=[one.tag for one in found],
                    expected=expected,
                    relevant=split.relevant(label, [stem_of(one.tag) for one in found]),
                    any_right=calibration.any_right(max(expected[:FIRST], default=0.0), clip),
                )
            )
    return answers


def co_use_quality(
    splits: Sequence[PostSplit], labels: Rows, embedded: Array, answers: Sequence[Sequence[Judged]], seed: int
) -> CoUseQuality:
    """Summarise the result of `judged_clips`, beside suggestions that need no clip."""
    hits = np.array([[sum(answer.relevant) for answer in clips] for clips in answers])
    right = np.array(
        [hashtag_ranks(vectors, labels, split.targets) == 0 for split, vectors in zip(splits, embedded, strict=True)]
    )
    both = np.broadcast_to(labels, hits.shape)
    without_clips = [_without_clips(split, seed) for split in splits]
    by_hashtag = {name: np.mean([found[name] for found in without_clips], axis=0) for name in without_clips[0]}
    hashtags = []
    for label, hashtag in enumerate(splits[0].hashtags):
        own = both == label
        hashtags.append(
            HashtagCoUse(
                hashtag=hashtag,
                posts=sum(split.learnt.count(split.stems[label]) for split in splits),
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


def _without_clips(split: PostSplit, seed: int) -> dict[str, NDArray[np.float64]]:
    """Return the relevant of 15 for each hashtag, float64 (hashtags,), by each method that needs no clip."""
    rng = np.random.default_rng(seed)
    suggested = [[stem_of(one.tag) for one in split.suggester.suggest(vector, k=SUGGESTED)] for vector in split.targets]
    popular = split.learnt.most_popular(SUGGESTED)
    hits: dict[str, list[float]] = defaultdict(list)
    for label, name in enumerate(split.stems):
        hits["own_tag"].append(split.hits(label, suggested[label]))
        hits["other_tag"].append(
            float(np.mean([split.hits(label, stems) for other, stems in enumerate(suggested) if other != label]))
        )
        hits["plain"].append(
            split.hits(label, [one.stem for one in split.space.nearest(split.targets[label], SUGGESTED)])
        )
        hits["counted"].append(split.hits(label, split.learnt.ranked(name, SUGGESTED)))
        hits["popular"].append(split.hits(label, popular))
        drawn = rng.permutation(len(split.space))[:SUGGESTED]
        hits["random"].append(split.hits(label, [split.space.stems[row] for row in drawn]))
    return {name: np.array(found, np.float64) for name, found in hits.items()}


def _mean(values: NDArray[Any]) -> float | None:
    return round(float(values.mean()), 3) if values.size else None


def _relevant(hits: NDArray[np.int64], labels: Rows) -> Relevant:
    means = [hits[labels == label].mean() for label in np.unique(labels)]
    return Relevant(relevant=_mean(np.array(means)) or 0.0, none=_mean(hits == 0) or 0.0)
