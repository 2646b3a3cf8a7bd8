"""Strangers: clips of motions that nothing was learnt from, and whether they are told from those of trained hashtags.

The clips of a benchmark whose category has no hashtag are the strangers. They are compared with clips kept apart of the
benchmark's other categories, so that neither length nor source tells them apart. The visual vocabulary is learnt anew,
without any of them. To networks each is a stranger by its own category: they learn from the strangers of the others, as
the network that ships does from all.
"""

import logging
from collections.abc import Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from pydantic import BaseModel
from safetensors.numpy import load_file, save

from models.calibration import Calibration, familiarity
from models.tags.space import TagSpace
from training.embedding import EmbeddingSettings
from training.evaluation.folds import FOLDS, Rows, fold_of
from training.evaluation.reliability import area_under_curve
from training.examples import Examples, by_hashtag, target_vectors, unnamed, unnamed_motions
from training.features import read_kept
from training.out_of_fold import Network, embed_by
from training.progress import track
from training.vocabulary import VocabularySettings, learn_vocabulary

log = logging.getLogger(__name__)

Array = NDArray[np.float32]
Floats = NDArray[np.float64]

BENCHMARK = "jhmdb"

STRANGERS = "strangers.safetensors"


class StrangersQuality(BaseModel):
    """How well familiarity tells clips kept apart of trained hashtags from strangers, of one benchmark.

    `auroc`: how often the former is more familiar than the latter, mean over folds and strangers; `auroc_of_length`:
    how often it is longer; `known_confident`, `strangers_confident`: the share of each whose answer is trusted.
    """

    benchmark: str = BENCHMARK
    known: int
    strangers: int
    auroc: float
    auroc_of_length: float
    known_confident: float
    strangers_confident: float


def meet_strangers(
    out: Path,
    *,
    features: Path,
    cache: Path,
    tag2vec: Path,
    vocabulary: VocabularySettings,
    settings: EmbeddingSettings,
    workers: int,
) -> None:
    """Measure how familiar strangers are, and clips kept apart, to the same networks; write nothing if there are none.

    The file has for each fold and each category of strangers `known.FOLD.CATEGORY` and `strangers.FOLD.CATEGORY`, the
    familiarity of the benchmark's clips, and for each fold `known_frames.FOLD`, and `strangers_frames`, the number of
    frames of each; all float64.
    """
    rows = read_kept(features)
    clips = [row.clip for row in rows]
    motions = zip(clips, unnamed_motions(clips), strict=True)
    benchmark = {clip.path for clip in clips if clip.benchmark == BENCHMARK}
    strangers = {clip.path for clip, motion in motions if motion and clip.path in benchmark}
    if not strangers or not any(clip.hashtag for clip in clips if clip.path in benchmark):
        log.info("strangers: the list of clips has none")
        return
    learn_vocabulary(out, features=features, cache=cache, settings=vocabulary, workers=workers, without=strangers)

    space = TagSpace.load(tag2vec)
    examples = by_hashtag(features, out, space)
    targets, fold = target_vectors(space, examples.classes), fold_of(examples, settings.seed)
    everything = examples.joined(unnamed(features, out)).in_their_span()
    networks = _networks(everything, fold, targets)
    frames = {row.clip.path: row.frames for row in rows}
    found = {"strangers_frames": np.array([frames[path] for path in sorted(strangers)], np.float64)}
    for number in range(FOLDS):
        known = [clip.path for clip, own in zip(examples.clips, fold, strict=True) if own == number]
        found[f"known_frames.{number}"] = np.array([frames[path] for path in known if path in benchmark], np.float64)
    embedded = embed_by(networks, everything, settings=settings, workers=workers)
    for network, vectors in track(embedded, "strangers", len(networks)):
        found |= {name: familiarity(vectors[rows] @ targets.T) for name, _, rows in network.kept}
    (out / STRANGERS).write_bytes(save(found))


def _networks(everything: Examples, fold: Rows, targets: Array) -> list[Network]:
    """Return for each fold and each category of strangers a network that sees no clip of either."""
    benchmark = np.array([clip.benchmark == BENCHMARK for clip in everything.clips])
    networks = []
    for label in np.unique(everything.labels[benchmark & (everything.labels >= len(targets))]).tolist():
        own = np.flatnonzero(everything.labels == label)
        for number in range(FOLDS):
            judged = np.flatnonzero(fold == number)
            meeting = f"{number}.{everything.classes[label]}"
            kept: list[tuple[str, tuple[int, ...], Rows]] = [
                (f"known.{meeting}", (), judged[benchmark[judged]]),
                (f"strangers.{meeting}", (), own[benchmark[own]]),
            ]
            networks.append(Network(everything.apart_from(np.concatenate([judged, own])), targets, kept))
    return networks


def strangers_quality(folder: Path, calibration: Calibration) -> StrangersQuality | None:
    """Sum up what `meet_strangers` wrote; None where there were no strangers."""
    if not (folder / STRANGERS).exists():
        return None
    found = load_file(folder / STRANGERS)
    met = [
        (values, found[f"strangers.{name.removeprefix('known.')}"])
        for name, values in found.items()
        if name.startswith("known.")
    ]
    frames = [found[f"known_frames.{fold}"] for fold in range(FOLDS)]
    known, strangers = (np.concatenate(both) for both in zip(*met, strict=True))
    return StrangersQuality(
        known=sum(map(len, frames)),
        strangers=len(found["strangers_frames"]),
        auroc=_area(met),
        auroc_of_length=_area([(known_frames, found["strangers_frames"]) for known_frames in frames]),
        known_confident=round(float(np.mean(known >= calibration.confident_from)), 4),
        strangers_confident=round(float(np.mean(strangers >= calibration.confident_from)), 4),
    )


def _area(met: Sequence[tuple[Floats, Floats]]) -> float:
    areas = [area_under_curve(known, strangers) for known, strangers in met]
    return round(float(np.average(areas, weights=[len(strangers) for _, strangers in met])), 4)
