"""Trajectories as the rows that the authors' release of improved dense trajectories prints (October 2013)."""

import gzip
from collections.abc import Iterable
from pathlib import Path
from typing import TextIO, cast

import numpy as np
from numpy.typing import NDArray

from models.atomic_write import atomic_write
from models.trajectories.extractor import Trajectories
from models.video.info import VideoInfo

HEADER = 10
"""Columns before the descriptors: frame, mean (2), standard deviation (2), length, scale, position (3)."""
COLUMNS = HEADER + 426


def rows(batch: Trajectories, video: VideoInfo, working_size: tuple[int, int]) -> NDArray[np.float64]:
    """Return one row of the authors' columns for each trajectory.

    Parameters
    ----------
    batch : Trajectories
        n trajectories, in pixels of the working size.
    video : VideoInfo
        The clip's native size and its number of frames, from a whole pass over it.
    working_size : (int, int)
        Width and height of the frames that the trajectories were extracted from.

    Returns
    -------
    ndarray of shape (n, 436), float64
        Frame of the last point (from 0), mean and standard deviation of x and y, length and scale, all in pixels of
        the native size; position of the mean in the clip (x, y and time, each in 0..0.999); the 426 descriptors.
    """
    native = np.array([video.width, video.height], dtype=np.float64)
    ratio = native / working_size
    # Scaling a frame aligns its edges, not the centres of its corner pixels.
    means = (batch.means.astype(np.float64) + 0.5) * ratio - 0.5
    steps = batch.points.shape[1] - 1
    table = np.empty((len(batch), COLUMNS))
    table[:, 0] = batch.frames
    table[:, 1:3] = means
    table[:, 3:5] = batch.stds * ratio
    table[:, 5] = batch.lengths * ratio.mean()
    table[:, 6] = batch.scales * ratio.mean()
    table[:, 7:9] = means / native
    table[:, 9] = (batch.frames - steps / 2) / video.frames_used
    table[:, 7:10] = table[:, 7:10].clip(0, 0.999)
    table[:, HEADER:] = batch.descriptors
    return table


def write_dump(path: Path, batches: Iterable[Trajectories], video: VideoInfo, working_size: tuple[int, int]) -> int:
    """Write the rows of all batches to a tab-separated file without a header, gzipped if named `.gz`.

    The file appears under its name only when it is whole. Returns the number of rows.
    """
    # As the authors: the header and the trajectory with 6 digits, the histograms with 7.
    formats = ["%d", *["%f"] * (HEADER - 1 + 30), *["%.7f"] * 396]
    written = 0
    with (
        atomic_write(path) as partial,
        cast(TextIO, gzip.open(partial, "wt", compresslevel=3) if path.suffix == ".gz" else partial.open("w")) as file,
    ):
        for batch in batches:
            np.savetxt(file, rows(batch, video, working_size), fmt=formats, delimiter="\t")
            written += len(batch)
    return written
