#!/usr/bin/env bash
# FFmpeg (through PyAV): the frame count of a fragmented mp4 is that of its first fragment.
#
# Installs: av 18.1.0 and numpy 2.4.6, in a temporary virtual environment.
# Expected: `stream.frames` is the number of frames, or 0, which is documented to mean "not known".
# Found: with movflags=frag_keyframe it is 12 for a clip of 60 frames, since the header lists the samples of the first
#   fragment only. The duration is right. With empty_moov it is 0. So even a count other than 0 cannot be trusted for
#   progress, limits or detecting truncated files.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet av==18.1.0 numpy==2.4.6
"$folder/venv/bin/python" - "$folder/clip.mp4" <<'PY'
import sys

import av
import numpy as np

FRAMES, KEY_FRAME_EVERY = 60, 12

print("av", av.__version__, "with libavformat", ".".join(map(str, av.library_versions["libavformat"])))
counts = {}
for flags in ("faststart", "frag_keyframe", "frag_keyframe+empty_moov"):
    with av.open(sys.argv[1], "w", container_options={"movflags": flags}) as container:
        stream = container.add_stream("mpeg4", rate=30)
        stream.width, stream.height, stream.pix_fmt = 160, 120, "yuv420p"
        stream.codec_context.gop_size = KEY_FRAME_EVERY
        for number in range(FRAMES):
            image = np.full((120, 160, 3), 40, np.uint8)
            image[40:80, 2 * number : 2 * number + 40] = 200
            container.mux(stream.encode(av.VideoFrame.from_ndarray(image, format="rgb24")))
        container.mux(stream.encode())
    with av.open(sys.argv[1]) as container:
        stream = container.streams.video[0]
        counts[flags] = stream.frames
        seconds = container.duration / av.time_base
        decoded = sum(1 for _ in container.decode(stream))
    print(f"{flags}: stream.frames {counts[flags]}, duration {seconds} s, frames decoded {decoded}")
    assert decoded == FRAMES
    assert seconds == FRAMES / 30
if list(counts.values()) != [FRAMES, KEY_FRAME_EVERY, 0]:
    sys.exit("Changed: the frame counts are no longer all, those of the first fragment, and 0.")
PY
