"""Agreement of the `reference` settings with the authors' release, and what it depends on.

Two trajectories match if frame and scale are the same and their mean positions differ by less than half a pixel. The
data has the release's output for a clip without colour and for the beginning of one with colour.

    TAG2VEC_DATA=... python -m benchmarks.fidelity
    TAG2VEC_DATA=... python -m benchmarks.fidelity --clip bowling --orders 5
"""

import os
from contextlib import AbstractContextManager
from dataclasses import dataclass, replace
from itertools import islice
from pathlib import Path
from typing import Annotated
from unittest.mock import patch

import numpy as np
import typer
from numpy.typing import NDArray
from rich.console import Console
from rich.table import Table

from models.trajectories import camera
from models.trajectories.descriptor_layout import BLOCKS
from models.trajectories.extractor import Trajectories, extract
from models.trajectories.settings import TrajectorySettings
from models.video.decoding import Video

CLOSE = 0.5
"""Pixels between the mean positions of trajectories that match."""

REFERENCE = TrajectorySettings.reference()
GRID = replace(REFERENCE, corner_distance=None, confidence=0.995)
SETTINGS = {
    # Each is one step nearer to the release.
    "luma": replace(GRID, through_bgr=False),
    "bgr": GRID,
    "corners": replace(REFERENCE, confidence=0.995),
    "reference": REFERENCE,
}


@dataclass(frozen=True)
class Release:
    """The output of the authors' program for a clip.

    Attributes
    ----------
    clip : Path
    header : float64 (n, 10)
        The columns before the descriptors: frame, mean x and y, standard deviation in x and y, length, scale, position.
    descriptors : float64 (n, 426)
    frames : int
        The rows are those of this many frames at the start of the clip.
    """

    clip: Path
    header: NDArray[np.float64]
    descriptors: NDArray[np.float64]
    frames: int

    def distances(self, ours: Trajectories) -> NDArray[np.float64]:
        """Pixels between the means of their rows and ours, (n, m); infinite unless frame and scale are equal."""
        apart = np.linalg.norm(self.header[:, None, 1:3] - ours.means, axis=2)
        same = (self.header[:, :1] == ours.frames) & (np.abs(self.header[:, 6:7] - ours.scales) < 0.01)
        return np.where(same, apart, np.inf)


def boxing(data: Path) -> Release:
    """Return the release's output for a clip without colour, as the authors published it."""
    rows = np.loadtxt(data / "oracle/person01_boxing_d1.gz")
    return Release(data / "oracle/person01_boxing_d1_uncomp.avi", rows[:, :10], rows[:, 10:], 360)


def bowling(data: Path) -> Release:
    """Return the release's output for the first frames of a clip with colour."""
    with np.load(data / "oracle/bowling_320x240_to_frame_70.npz") as rows:
        header, descriptors = rows["info"].astype(np.float64), rows["descriptors"].astype(np.float64)
    return Release(data / "oracle/bowling_320x240.mp4", header, descriptors, 71)


CLIPS = {"boxing": boxing, "bowling": bowling}


def described(release: Release, settings: TrajectorySettings) -> Trajectories:
    """Return our trajectories for the frames that the release was run on."""
    with Video(
        release.clip, working_side=settings.working_side, through_bgr=settings.through_bgr, repeats=settings.repeats
    ) as video:
        batches = list(extract(islice(video, release.frames), settings))
    return Trajectories(
        **{name: np.concatenate([getattr(batch, name) for batch in batches]) for name in vars(batches[0])}
    )


def cosines(release: Release, ours: Trajectories, distances: NDArray[np.float64]) -> dict[str, float]:
    """Return the mean cosine between matched descriptors, by block."""
    matched = np.flatnonzero(distances.min(axis=1) < CLOSE)
    theirs, nearest = release.descriptors[matched], ours.descriptors[distances[matched].argmin(axis=1)]
    found = {}
    for block, columns in BLOCKS.items():
        a, b = theirs[:, columns], nearest[:, columns]
        found[block] = float(((a * b).sum(axis=1) / np.linalg.norm(a, axis=1) / np.linalg.norm(b, axis=1)).mean())
    return found


def reordered(seed: int) -> AbstractContextManager[object]:
    """Return a context in which camera motion is estimated from the same matches in another order."""
    random, estimate = np.random.default_rng(seed), camera.estimate

    def shuffled(before: NDArray[np.float32], after: NDArray[np.float32], confidence: float) -> NDArray[np.float64]:
        order = random.permutation(len(before))
        return estimate(before[order], after[order], confidence)

    return patch.object(camera, "estimate", shuffled)


def main(
    clip: Annotated[list[str] | None, typer.Option(help=f"Some of {', '.join(CLIPS)}.", show_default="all")] = None,
    setting: Annotated[
        list[str] | None, typer.Option(help=f"Some of {', '.join(SETTINGS)}.", show_default="all")
    ] = None,
    orders: Annotated[int, typer.Option(min=0, help="Also give RANSAC its points in this many other orders.")] = 0,
) -> None:
    """Compare settings with the release."""
    data = Path(os.environ["TAG2VEC_DATA"])
    table = Table("clip", "setting", "order", "theirs matched", "ours matched", *BLOCKS)
    for name in clip or CLIPS:
        release = CLIPS[name](data)
        for title in setting or SETTINGS:
            for seed in range(orders + 1):
                if seed:
                    with reordered(seed):
                        ours = described(release, SETTINGS[title])
                else:
                    ours = described(release, SETTINGS[title])
                distances = release.distances(ours)
                table.add_row(
                    name, title, f"shuffled, seed {seed}" if seed else "best first",
                    *(f"{(distances.min(axis=axis) < CLOSE).mean():.1%}" for axis in (1, 0)),
                    *(f"{cosine:.4f}" for cosine in cosines(release, ours, distances).values()),
                )  # fmt: skip
    Console(width=150).print(table)


if __name__ == "__main__":
    typer.run(main)
