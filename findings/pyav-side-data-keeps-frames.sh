#!/usr/bin/env bash
# PyAV: reading the side data of a decoded frame keeps the frame in memory until the garbage collector runs.
#
# Installs: av 18.1.0 and numpy 2.4.6, in a temporary virtual environment.
# Expected: a frame is freed when the last name for it goes, whatever was read from it.
# Found: `frame.side_data` (the display matrix of a turned clip, say) makes a container that refers to the frame and is
#   kept by it. Such a cycle is freed by the garbage collector only, which counts objects, not bytes: after 60 frames of
#   1280 x 720 px nearly all are still there. Read side data once for each stream, not for each frame.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet av==18.1.0 numpy==2.4.6
"$folder/venv/bin/python" - <<'PY'
import gc
import sys

import av
import numpy as np


def alive(read: bool) -> int:
    """Return how many of 60 frames are left when none has a name any more."""
    gc.collect()
    before = count()
    for _ in range(60):
        frame = av.VideoFrame.from_ndarray(np.zeros((720, 1280), np.uint8), format="gray")
        if read:
            frame.side_data
    del frame
    return count() - before


def count() -> int:
    return sum(isinstance(one, av.VideoFrame) for one in gc.get_objects())


print("av", av.__version__)
without, having = alive(False), alive(True)
print(f"frames left in memory: {without} of 60; if their side data was read, {having} of 60")
gc.collect()
print(f"after a run of the garbage collector: {count()}")
if without > 1 or having < 30:
    sys.exit("Changed: frames whose side data was read are freed at once, or others are not.")
PY
