"""Layout of a trajectory's descriptor: the columns of its blocks; apart from the extractor, which compiles kernels."""

BLOCKS = {
    "trajectory": slice(0, 30),
    "hog": slice(30, 126),
    "hof": slice(126, 234),
    "mbhx": slice(234, 330),
    "mbhy": slice(330, 426),
}
"""Columns of each block of a descriptor; within a block: time cell, x cell, y cell, orientation."""

WIDTH = 426
"""Columns of a descriptor."""

TIME_CELLS = 3
"""Spans of time over which a trajectory's histograms are averaged."""

ORIENTATIONS = 8
"""Bins of a histogram; HOF has one more, for pixels without motion."""
