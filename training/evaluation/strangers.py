"""Strangers: clips of motions that nothing was learnt from, and whether they are told from those of trained hashtags.

The clips of a benchmark whose category has no hashtag are the strangers. They are compared with clips kept apart of the
benchmark's other categories, so that neither length nor source tells them apart. The visual vocabulary is learnt anew,
without them.
"""

import logging
from functools import partial
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from pydantic import BaseModel
from safetensors.numpy import load_file, save

from models.calibration import Calibration, familiarity
from models.tagspace import TagSpace
from training.clips import Clip
from training.embedding import EmbeddingSettings, train_embedding
from training.evaluation.folds import FOLDS, fold_of
from training.evaluation.reliability import area_under_curve
from training.examples import by_hashtag, target_vectors
from training.features import read_kept
from training.progress import track
from training.vocabulary import VocabularySettings, learn_vocabulary, read_views
from training.workers import in_processes

log = logging.getLogger(__name__)

Floats = NDArray[np.float64]

BENCHMARK = "jhmdb"

STRANGERS = "strangers.safetensors"


class StrangersQuality(BaseModel):
    """How well familiarity tells clips kept apart of trained hashtags from strangers, of one benchmark.

    `auroc`: how often the former is more familiar than the latter, mean over folds; `auroc_of_length`: how often it is
    longer; `known_confident`, `strangers_confident`: the share of each whose answer is trusted.
    """

    benchmark: str = BENCHMARK
    known: int
    strangers: int
    auroc: float
    auroc_of_length: float
    known_confident: float
    strangers_confident: float


def is_stranger(clip: Clip) -> bool:
    """Tell whether a clip belongs to the benchmark, but to no hashtag."""
    return clip.benchmark == BENCHMARK and not clip.hashtag


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

    The file has for each fold `known.FOLD` and `strangers.FOLD`, the familiarity of the benchmark's clips, and the
    number of frames of each in `known_frames.FOLD` and `strangers_frames.FOLD`; all float64.
    """
    clips = [row.clip for row in read_kept(features)]
    if not any(map(is_stranger, clips)) or not any(clip.benchmark == BENCHMARK and clip.hashtag for clip in clips):
        log.info("strangers: the list of clips has none")
        return
    strangers = {clip.path for clip in clips if is_stranger(clip)}
    learn_vocabulary(out, features=features, cache=cache, settings=vocabulary, workers=workers, without=strangers)
    found: dict[str, Floats] = {}
    meet = partial(_meet, features=features, vocabulary=out, tag2vec=tag2vec, settings=settings)
    for fold, outcome in track(in_processes(meet, range(FOLDS), workers=workers), "strangers", FOLDS):
        if isinstance(outcome, Exception):
            raise outcome
        found |= {f"{name}.{fold}": values for name, values in outcome.items()}
    (out / STRANGERS).write_bytes(save(found))


def _meet(
    fold: int, *, features: Path, vocabulary: Path, tag2vec: Path, settings: EmbeddingSettings
) -> dict[str, Floats]:
    space = TagSpace.load(tag2vec)
    examples = by_hashtag(features, vocabulary, space)
    targets = target_vectors(space, examples.classes)
    judged = fold_of(examples, settings.seed) == fold
    network = train_embedding(examples.views[:, ~judged], examples.labels[~judged], targets, settings)
    rows = read_kept(features)
    frames = {row.clip.path: row.frames for row in rows}
    strange = [number for number, row in enumerate(rows) if is_stranger(row.clip)]
    known = [row for row in np.flatnonzero(judged) if examples.clips[row].benchmark == BENCHMARK]
    return {
        "known": familiarity(network.embed(examples.fisher[known]) @ targets.T),
        "strangers": familiarity(network.embed(read_views(vocabulary)[:, strange].mean(axis=0)) @ targets.T),
        "known_frames": np.array([frames[examples.clips[row].path] for row in known], np.float64),
        "strangers_frames": np.array([rows[number].frames for number in strange], np.float64),
    }


def strangers_quality(folder: Path, calibration: Calibration) -> StrangersQuality | None:
    """Sum up what `meet_strangers` wrote; None where there were no strangers."""
    if not (folder / STRANGERS).exists():
        return None
    found = load_file(folder / STRANGERS)
    folds = range(FOLDS)
    known, strangers = (np.concatenate([found[f"{name}.{fold}"] for fold in folds]) for name in ("known", "strangers"))

    def auroc(suffix: str = "") -> float:
        areas = [area_under_curve(found[f"known{suffix}.{fold}"], found[f"strangers{suffix}.{fold}"]) for fold in folds]
        return round(float(np.mean(areas)), 4)

    return StrangersQuality(
        known=len(known),
        strangers=len(strangers) // FOLDS,
        auroc=auroc(),
        auroc_of_length=auroc("_frames"),
        known_confident=round(float(np.mean(known >= calibration.confident_from)), 4),
        strangers_confident=round(float(np.mean(strangers >= calibration.confident_from)), 4),
    )
