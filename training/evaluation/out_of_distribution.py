"""Out-of-distribution clips: whether familiarity tells motions that were never trained on from trained hashtags.

Out of distribution are the clips of a benchmark whose category has no hashtag, a background class. They are compared
with the benchmark's other clips, so that neither length nor source tells the two apart. The visual vocabulary is learnt
anew without any of the former. Each background class in turn is kept from the networks, which learn from all the others
as the network that ships does.
"""

import logging
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from pydantic import BaseModel
from sklearn.metrics import roc_auc_score

from models.calibration import familiarity
from models.tags.space import TagSpace
from training.artifacts import Artifacts
from training.embedding import EmbeddingSettings
from training.evaluation.folds import FOLDS, Rows, fold_of
from training.examples import Examples, background, background_classes, by_hashtag, target_vectors
from training.features import read_kept
from training.json_file import write_json
from training.network_job import NetworkJob, train_and_embed
from training.progress import track
from training.vocabulary import VocabularySettings, learn_vocabulary

log = logging.getLogger(__name__)

Array = NDArray[np.float32]

BENCHMARK = "jhmdb"

COMPARISONS = "comparisons.json"


class OutOfDistributionQuality(BaseModel):
    """How well familiarity tells clips of trained hashtags from out-of-distribution clips of the same benchmark.

    `in_distribution`, `out_of_distribution`: numbers of clips; `auroc`: how often one of the former is more familiar
    than one of the latter, a mean over folds; `auroc_of_length`: how often it is longer.
    """

    benchmark: str = BENCHMARK
    in_distribution: int
    out_of_distribution: int
    auroc: float
    auroc_of_length: float


class Comparison(BaseModel):
    """A value for each clip of one fold, and for each clip of one background class."""

    fold: int
    background_class: str
    in_distribution: list[float]
    out_of_distribution: list[float]

    @property
    def auroc(self) -> float | None:
        """How often the former is larger; None where either is empty."""
        if not self.in_distribution or not self.out_of_distribution:
            return None
        labels = [1] * len(self.in_distribution) + [0] * len(self.out_of_distribution)
        return float(roc_auc_score(labels, self.in_distribution + self.out_of_distribution))


class Comparisons(BaseModel):
    """Familiarities to networks that saw neither the fold nor the background class, and the clips' lengths in frames.

    Both have the same folds and classes in the same order.
    """

    familiarity: list[Comparison]
    frames: list[Comparison]


@dataclass(frozen=True)
class _Pairing:
    """The clips of the benchmark that one network did not see: those of a fold, and those of a background class."""

    fold: int
    background_class: str
    in_distribution: Rows
    out_of_distribution: Rows

    def compare(self, values: NDArray[np.float64]) -> Comparison:
        """Take the values of these clips, from those of all examples, (n,)."""
        return Comparison(
            fold=self.fold,
            background_class=self.background_class,
            in_distribution=values[self.in_distribution].tolist(),
            out_of_distribution=values[self.out_of_distribution].tolist(),
        )


def compare_familiarity(
    out: Path, artifacts: Artifacts, *, vocabulary: VocabularySettings, embedding: EmbeddingSettings, workers: int
) -> None:
    """Learn a vocabulary and networks anew, and write `COMPARISONS`; nothing if the benchmark has no such clips."""
    rows = read_kept(artifacts.features)
    clips = [row.clip for row in rows]
    benchmark = {clip.path for clip in clips if clip.benchmark == BENCHMARK}
    classes = zip(clips, background_classes(clips), strict=True)
    unknown = {clip.path for clip, name in classes if name and clip.path in benchmark}
    if not unknown or not any(clip.hashtag for clip in clips if clip.path in benchmark):
        log.info("out of distribution: the list has no clips for it, skipped")
        return
    learn_vocabulary(out, artifacts, settings=vocabulary, workers=workers, without=unknown)

    relearnt = replace(artifacts, vocabulary=out)
    space = TagSpace.load(artifacts.tag2vec)
    examples = by_hashtag(relearnt, space)
    targets, fold = target_vectors(space, examples.classes), fold_of(examples, embedding.seed)
    everything = examples.joined(background(relearnt)).in_their_span()
    plan = _plan(everything, fold, targets)
    trained = train_and_embed(list(plan), everything, settings=embedding, workers=workers)
    familiarities = {
        job: familiarity(vectors @ targets.T, embedding.temperature)
        for job, vectors in track(trained, "out of distribution", len(plan))
    }
    frames_of = {row.clip.path: row.frames for row in rows}
    frames = np.array([frames_of[clip.path] for clip in everything.clips], np.float64)
    comparisons = Comparisons(
        familiarity=[pairing.compare(familiarities[job]) for job, pairing in plan.items()],
        frames=[pairing.compare(frames) for pairing in plan.values()],
    )
    write_json(out / COMPARISONS, comparisons.model_dump())


def _plan(everything: Examples, fold: Rows, targets: Array) -> dict[NetworkJob, _Pairing]:
    """Return for each background class and fold a network that sees no clip of either, and those clips."""
    benchmark = np.array([clip.benchmark == BENCHMARK for clip in everything.clips])
    plan = {}
    for label in np.unique(everything.labels[benchmark & (everything.labels >= len(targets))]).tolist():
        own = np.flatnonzero(everything.labels == label)
        for number in range(FOLDS):
            judged = np.flatnonzero(fold == number)
            job = NetworkJob(everything.apart_from(np.concatenate([judged, own])), targets)
            plan[job] = _Pairing(number, everything.classes[label], judged[benchmark[judged]], own[benchmark[own]])
    return plan


def out_of_distribution_quality(folder: Path) -> OutOfDistributionQuality | None:
    """Summarise what `compare_familiarity` wrote; None where it wrote nothing."""
    if not (folder / COMPARISONS).exists():
        return None
    found = Comparisons.model_validate_json((folder / COMPARISONS).read_bytes())
    # Each fold is compared with every background class, and each class with every fold.
    first = found.frames[0]
    return OutOfDistributionQuality(
        in_distribution=sum(
            len(one.in_distribution) for one in found.frames if one.background_class == first.background_class
        ),
        out_of_distribution=sum(len(one.out_of_distribution) for one in found.frames if one.fold == first.fold),
        auroc=_mean_auroc(found.familiarity),
        auroc_of_length=_mean_auroc(found.frames),
    )


def _mean_auroc(comparisons: Sequence[Comparison]) -> float:
    areas = [(area, len(one.out_of_distribution)) for one in comparisons if (area := one.auroc) is not None]
    values, weights = zip(*areas, strict=True)
    return round(float(np.average(values, weights=weights)), 4)
