#!/usr/bin/env bash
# FFmpeg (through PyAV): the options of the GIF demuxer for short delays are taken, but do nothing.
#
# Installs: av 18.1.0 and numpy 2.4.6, in a temporary virtual environment.
# Expected: `min_delay` is documented as the shortest delay that is valid (by default 2 hundredths of a second), and
#   `default_delay` as what is used instead of shorter ones. Browsers do the same: they show a frame whose delay is 0
#   or 1 hundredth for 10.
# Found: a delay of 0 becomes 10, and one of 1 stays 1, whatever the two options say. So a GIF with delays of 1 plays ten
#   times as fast as in a browser; the delays have to be corrected packet by packet.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet av==18.1.0 numpy==2.4.6
"$folder/venv/bin/python" - "$folder/clip.gif" <<'PY'
import sys
from pathlib import Path

import av
import numpy as np

DELAYS = (0, 1, 2, 7)

print("av", av.__version__, "with libavformat", ".".join(map(str, av.library_versions["libavformat"])))
path = Path(sys.argv[1])
with av.open(str(path), "w") as container:
    stream = container.add_stream("gif", rate=10)
    stream.width, stream.height, stream.pix_fmt = 64, 48, "gray"
    for number in range(len(DELAYS)):
        container.mux(stream.encode(av.VideoFrame.from_ndarray(np.full((48, 64), 40 * number, np.uint8), format="gray")))
    container.mux(stream.encode())
data = bytearray(path.read_bytes())
place = 0
for delay in DELAYS:
    place = data.index(b"\x21\xf9\x04", place) + 4  # the graphic control extension in front of each frame
    data[place : place + 2] = delay.to_bytes(2, "little")
path.write_bytes(data)
found = []
for options in ({}, {"min_delay": "2", "default_delay": "10"}, {"min_delay": "5", "default_delay": "50"}):
    with av.open(str(path), format="gif", options=options) as container:
        found.append([packet.duration for packet in container.demux(video=0) if packet.size])
    print(f"delays {list(DELAYS)}, options {options}: {found[-1]}")
if found != [[10, 1, 2, 7]] * 3:
    sys.exit("Changed: the options have an effect, or a delay of 1 is no longer taken as it is.")
PY
