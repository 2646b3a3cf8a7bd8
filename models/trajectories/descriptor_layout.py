"""Layout of trajectory descriptors: the columns of each block. Importing this module does not load Numba."""

BLOCKS = {
    "trajectory": slice(0, 30),
    "hog": slice(30, 126),
    "hof": slice(126, 234),
    "mbhx": slice(234, 330),
    "mbhy": slice(330, 426),
}
"""Columns of each block of a descriptor; within a block, in order of time cell, x cell, y cell, orientation."""

WIDTH = 426
"""Number of columns of a descriptor."""

TIME_CELLS = 3
"""Number of time spans over which a trajectory's histograms are averaged."""

ORIENTATIONS = 8
"""Orientation bins of a histogram; HOF has one more, for pixels without motion."""
