"""Point tracks: sampled on a grid, moved by the flow, dropped when they leave the frame, validated at full length.

Wang et al., IJCV 2013, section 2; Wang & Schmid, ICCV 2013, section 3.1.
"""

import math

import numpy as np
from numpy.typing import NDArray

from models.trajectories.compilation import exact_kernel, exact_part
from models.trajectories.pyramid import Pyramid

F = np.float32

STATIC = F(3**0.5)
"""Tracks are static if the standard deviation of their points is below this in both x and y, in pixels of the frame."""

SCATTERED = F(50)
"""Tracks are erroneous if the standard deviation is above this in x or y."""

JUMP = F(20)
"""Tracks are erroneous if a step is longer than this and than `JUMP_SHARE` of the whole track."""

JUMP_SHARE = F(0.7)

CAMERA = F(1)
"""Tracks move only with the camera if no stabilised step is longer than this."""


class Tracks:
    """The live tracks, as a structure of arrays over slots; `alive[:count]` lists the slots in use, oldest first.

    Attributes
    ----------
    points : float32 (slots, length + 1, 2)
        In pixels of the track's layer.
    motions : float32 (slots, length, 2)
        Stabilised displacements, in pixels of the track's layer.
    layers, ages : int16 (slots,)
        Pyramid layer and number of steps so far.
    """

    def __init__(self, pyramid: Pyramid, length: int, stride: int) -> None:
        self.shapes = pyramid.shapes
        self.scales = pyramid.scales
        self.stride = stride
        cells = int((pyramid.shapes // stride).prod(axis=1).sum())
        self._cells = cells
        slots = 2 * cells
        self.points = np.empty((slots, length + 1, 2), np.float32)
        self.motions = np.empty((slots, length, 2), np.float32)
        self.layers = np.empty(slots, np.int16)
        self.ages = np.empty(slots, np.int16)
        self.alive = np.empty(slots, np.int32)
        self.count = 0
        self._free = np.arange(slots, dtype=np.int32)[::-1].copy()
        self._finished = np.empty(slots, np.int32)

    def advance(self, flow: NDArray[np.float32], starts: NDArray[np.int64]) -> NDArray[np.int32]:
        """Move every track by one frame; return the slots of those that are now complete and valid.

        `flow` is (4, pixels of all layers): x and y of the flow, then of the stabilised flow, in pixels of each layer.
        The slots returned are already free: read them before calling `sample`.
        """
        self.count, finished = _advance(
            self.points, self.motions, self.layers, self.ages, self.alive, self.count, self._free, self._finished,
            flow, starts, self.shapes, self.scales,
        )  # fmt: skip
        return self._finished[:finished]

    def sample(self, textured: NDArray[np.bool_]) -> None:
        """Start a track in each textured cell without one; overwrites `textured`, which is flat over all layers."""
        while self.count + self._cells > len(self.alive):
            self._grow()
        self.count = _sample(
            self.points, self.layers, self.ages, self.alive, self.count, self._free,
            textured, self.shapes, self.stride,
        )  # fmt: skip

    def measure(self, slots: NDArray[np.int32]) -> dict[str, NDArray[np.float32]]:
        """Return `points`, `means`, `stds`, `lengths` and `scales` of complete tracks, as in `Trajectories`."""
        n = len(slots)
        points = np.empty((n, *self.points.shape[1:]), np.float32)
        means, stds, lengths = np.empty((n, 2), np.float32), np.empty((n, 2), np.float32), np.empty(n, np.float32)
        scales = self.scales[self.layers[slots]]
        _measure(self.points, slots, scales, points, means, stds, lengths)
        return {"points": points, "means": means, "stds": stds, "lengths": lengths, "scales": scales}

    def _grow(self) -> None:
        slots = len(self.alive)
        for name in ("points", "motions", "layers", "ages", "alive", "_finished"):
            array = getattr(self, name)
            setattr(self, name, np.concatenate([array, np.empty_like(array)]))
        # The free slots are a stack of which the first `slots - count` are in use.
        free = np.empty(2 * slots, np.int32)
        free[:slots] = np.arange(2 * slots - 1, slots - 1, -1)
        free[slots : 2 * slots - self.count] = self._free[: slots - self.count]
        self._free = free


@exact_kernel
def _advance(
    points: NDArray[np.float32],
    motions: NDArray[np.float32],
    layers: NDArray[np.int16],
    ages: NDArray[np.int16],
    alive: NDArray[np.int32],
    count: int,
    free: NDArray[np.int32],
    finished: NDArray[np.int32],
    flow: NDArray[np.float32],
    starts: NDArray[np.int64],
    shapes: NDArray[np.int64],
    scales: NDArray[np.float32],
) -> tuple[int, int]:
    length = motions.shape[1]
    kept = whole = 0
    unused = len(alive) - count
    for n in range(count):
        slot = alive[n]
        layer, age = layers[slot], ages[slot]
        height, width = shapes[layer]
        x, y = points[slot, age, 0], points[slot, age, 1]
        column = min(max(math.floor(x + F(0.5)), 0), width - 1)
        row = min(max(math.floor(y + F(0.5)), 0), height - 1)
        pixel = starts[layer] + row * width + column
        x += flow[0, pixel]
        y += flow[1, pixel]
        gone = not (x > 0 and x < width and y > 0 and y < height)
        if not gone:
            motions[slot, age, 0] = flow[2, pixel]
            motions[slot, age, 1] = flow[3, pixel]
            points[slot, age + 1, 0] = x
            points[slot, age + 1, 1] = y
            ages[slot] = age + 1
            if age + 1 == length:
                gone = True
                if _valid(points[slot], motions[slot], scales[layer]):
                    finished[whole] = slot
                    whole += 1
        if gone:
            free[unused] = slot
            unused += 1
        else:
            alive[kept] = slot
            kept += 1
    return kept, whole


@exact_kernel
def _sample(
    points: NDArray[np.float32],
    layers: NDArray[np.int16],
    ages: NDArray[np.int16],
    alive: NDArray[np.int32],
    count: int,
    free: NDArray[np.int32],
    vacant: NDArray[np.bool_],
    shapes: NDArray[np.int64],
    stride: int,
) -> int:
    start = 0
    starts = np.empty(len(shapes), np.int64)
    for layer in range(len(shapes)):
        starts[layer] = start
        start += (shapes[layer, 0] // stride) * (shapes[layer, 1] // stride)
    for n in range(count):
        slot = alive[n]
        layer, age = layers[slot], ages[slot]
        columns = shapes[layer, 1] // stride
        column = int(points[slot, age, 0]) // stride
        row = int(points[slot, age, 1]) // stride
        if column < columns and row < shapes[layer, 0] // stride:
            vacant[starts[layer] + row * columns + column] = False
    unused = len(alive) - count
    for layer in range(len(shapes)):
        columns = shapes[layer, 1] // stride
        for cell in range(columns * (shapes[layer, 0] // stride)):
            if vacant[starts[layer] + cell]:
                unused -= 1
                slot = free[unused]
                points[slot, 0, 0] = (cell % columns) * stride + stride // 2
                points[slot, 0, 1] = (cell // columns) * stride + stride // 2
                layers[slot] = layer
                ages[slot] = 0
                alive[count] = slot
                count += 1
    return count


@exact_part
def _valid(points: NDArray[np.float32], motions: NDArray[np.float32], scale: np.float32) -> bool:
    """Return whether a complete track moves, plausibly and not only with the camera."""
    _, _, std_x, std_y, length, longest = shape(points, scale)
    if std_x < STATIC and std_y < STATIC:
        return False
    if std_x > SCATTERED or std_y > SCATTERED:
        return False
    if longest > JUMP and longest > length * JUMP_SHARE:
        return False
    limit = (CAMERA / scale) ** 2
    for t in range(len(motions)):
        if motions[t, 0] ** 2 + motions[t, 1] ** 2 > limit:
            return True
    return False


@exact_kernel
def _measure(
    tracks: NDArray[np.float32],
    slots: NDArray[np.int32],
    scales: NDArray[np.float32],
    points: NDArray[np.float32],
    means: NDArray[np.float32],
    stds: NDArray[np.float32],
    lengths: NDArray[np.float32],
) -> None:
    for n in range(len(slots)):
        track, scale = tracks[slots[n]], scales[n]
        means[n, 0], means[n, 1], stds[n, 0], stds[n, 1], lengths[n], _ = shape(track, scale)
        for t in range(len(track)):
            points[n, t, 0], points[n, t, 1] = track[t, 0] * scale, track[t, 1] * scale


@exact_part
def shape(
    points: NDArray[np.float32], scale: np.float32
) -> tuple[np.float32, np.float32, np.float32, np.float32, np.float32, np.float32]:
    """Return mean and standard deviation in x and y, length and longest step of a track, in pixels of the frame."""
    n = len(points)
    mean_x = mean_y = square_x = square_y = length = longest = 0.0
    for t in range(n):
        mean_x += points[t, 0]
        mean_y += points[t, 1]
    mean_x /= n
    mean_y /= n
    for t in range(n):
        square_x += (points[t, 0] - mean_x) ** 2
        square_y += (points[t, 1] - mean_y) ** 2
        if t:
            step = math.sqrt((points[t, 0] - points[t - 1, 0]) ** 2 + (points[t, 1] - points[t - 1, 1]) ** 2)
            length += step
            longest = max(longest, step)
    return (
        F(mean_x * scale), F(mean_y * scale),
        F(math.sqrt(square_x / n) * scale), F(math.sqrt(square_y / n) * scale),
        F(length * scale), F(longest * scale),
    )  # fmt: skip
