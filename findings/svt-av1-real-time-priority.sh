#!/usr/bin/env bash
# SVT-AV1 (by way of PyAV): encoding as root gives the process real-time priority, and does not take it back.
#
# Installs: av 18.1.0 and numpy 2.4.6, in a temporary virtual environment. Run it as root (in a container, say).
# Expected: like other encoders, SVT-AV1 leaves the priority of its caller alone.
# Found: `libsvtav1` puts the calling thread under SCHED_FIFO with priority 99, the highest there is, where it stays when
#   the encoder is closed. Whatever the thread starts later inherits that, programs included: they starve all others,
#   and those that spin while they wait, such as programs in Go on two processors, starve themselves. libx264, libx265
#   and libvpx-vp9 change nothing. So tests that make an AV1 clip as root change the conditions of all later tests.
#   `os.sched_setscheduler(0, os.SCHED_OTHER, os.sched_param(0))` takes it back. Without root nothing changes.
set -euo pipefail
[ "$(id -u)" = 0 ] || { echo "Run this as root: for others there is nothing to see." >&2; exit 2; }
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet av==18.1.0 numpy==2.4.6
"$folder/venv/bin/python" - "$folder" 2>/dev/null <<'PY'
import os
import subprocess
import sys

import av
import numpy as np

NAMES = {os.SCHED_OTHER: "SCHED_OTHER", os.SCHED_FIFO: "SCHED_FIFO", os.SCHED_RR: "SCHED_RR"}
SEE = "import os; print(os.sched_getscheduler(0), os.sched_getparam(0).sched_priority)"


def priority_after(codec: str) -> tuple[int, int]:
    """Return policy and priority of a program that is started after a clip of ten frames was encoded."""
    with av.open(f"{sys.argv[1]}/{codec}.mkv", "w") as file:
        stream = file.add_stream(codec, rate=30)
        stream.width = stream.height = 128
        stream.pix_fmt = "yuv420p"
        for grey in range(0, 200, 20):
            frame = av.VideoFrame.from_ndarray(np.full((192, 128), grey, np.uint8), format="yuv420p")
            file.mux(stream.encode(frame))
        file.mux(stream.encode())
    seen = subprocess.run([sys.executable, "-c", SEE], capture_output=True, text=True, check=True).stdout
    policy, priority = map(int, seen.split())
    return policy, priority


print("av", av.__version__)
found = {codec: priority_after(codec) for codec in ("libx264", "libx265", "libvpx-vp9", "libsvtav1")}
for codec, (policy, priority) in found.items():
    print(f"after {codec}: {NAMES.get(policy, policy)}, priority {priority}")
if found.pop("libsvtav1") != (os.SCHED_FIFO, 99) or set(found.values()) != {(os.SCHED_OTHER, 0)}:
    print("Changed: SVT-AV1 leaves the priority alone, or others do not.")
    sys.exit(1)
PY
