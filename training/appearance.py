"""Appearance: what an image network sees in pictures of each clip that has descriptors."""

import logging
from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from models.appearance import Appearance, AppearanceSettings
from models.errors import Tag2VecError
from models.tensor_file import read_tensors, write_tensors
from training.artifacts import Artifacts
from training.clips import Clip
from training.features import TIMEOUT, read_kept, rows_of
from training.pictures import describe_pictures, opened
from training.progress import track
from training.workers import in_processes

log = logging.getLogger(__name__)

Array = NDArray[np.float32]

APPEARANCES = "appearance.safetensors"


class AppearanceError(Tag2VecError):
    """The pictures of a clip cannot be described."""


@dataclass(frozen=True, eq=False)
class Appearances:
    """What the pictures of the kept clips show, in the order of `training.features.read_kept`.

    Attributes
    ----------
    features : float32 (clips, 2 d)
    probabilities : float32 (clips, classes)
        See `models.appearance.Appearance`.
    """

    features: Array
    probabilities: Array

    def standard(self) -> tuple[Array, Array]:
        """Return mean and standard deviation of the features over all clips, float32 (2 d,) each."""
        return self.features.mean(axis=0), self.features.std(axis=0)

    def of(self, rows: Sequence[int]) -> "Appearances":
        """Return those of some clips."""
        return Appearances(self.features[rows], self.probabilities[rows])


def describe_appearances(
    out: Path,
    artifacts: Artifacts,
    *,
    root: Path,
    network: Path,
    settings: AppearanceSettings,
    tag_vectors: Path | None = None,
    workers: int,
) -> None:
    """Describe pictures of all kept clips, whose paths start at `root`, by a network, and write that.

    Raises
    ------
    AppearanceError
        If a clip cannot be described, though it had trajectories.
    BundleError
        If the network, or the vectors of tags, cannot be used.
    """
    clips = [root / row.clip.path for row in read_kept(artifacts.features)]
    opened(network, settings, tag_vectors)  # a network that will not do is an error of its own, not of a clip
    describe = partial(describe_pictures, network=network, settings=settings, tag_vectors=tag_vectors)
    outcomes = in_processes(describe, clips, workers=workers, timeout=TIMEOUT)
    found: dict[Path, Appearance] = {}
    for clip, outcome in track(outcomes, "appearance", len(clips)):
        if isinstance(outcome, Exception):
            raise AppearanceError(f"the pictures of {clip} cannot be described: {outcome!r}.") from outcome
        found[clip] = outcome
    features = np.stack([found[clip].features for clip in clips])
    probabilities = np.stack([found[clip].probabilities for clip in clips])
    write_tensors(out / APPEARANCES, {"features": features, "probabilities": probabilities})
    log.info("appearance: %d features and %d classes of each clip", features.shape[1], probabilities.shape[1])


def read_appearances(folder: Path) -> Appearances:
    """Return what `describe_appearances` wrote."""
    return Appearances(**read_tensors(folder / APPEARANCES))


def appearances_of(artifacts: Artifacts, clips: Sequence[Clip]) -> Appearances:
    """Return those of some of the kept clips, in their order."""
    return read_appearances(artifacts.appearance).of(rows_of(artifacts.features, clips))
