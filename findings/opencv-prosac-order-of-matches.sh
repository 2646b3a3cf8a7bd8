#!/usr/bin/env bash
# OpenCV: findHomography with USAC_PROSAC returns the motion of a minority if its matches come first.
#
# Installs: opencv-python-headless 5.0.0.93 and numpy 2.4.6, in a temporary virtual environment.
# Expected: PROSAC samples the best matches first to save time, but still returns the motion with the most inliers. The
#   matches are sorted by quality, as it requires: first 30 % on a high-contrast subject, then 70 % on the background,
#   which moves differently.
# Found: the motion of the subject, with 90 inliers of 300. RANSAC, USAC_DEFAULT and USAC_MAGSAC find that of the
#   background, with about 210 inliers, as does USAC_PROSAC when the matches are shuffled. So it does not suit the
#   estimation of camera motion.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet opencv-python-headless==5.0.0.93 numpy==2.4.6
"$folder/venv/bin/python" - <<'PY'
import sys

import cv2
import numpy as np

MATCHES, ON_SUBJECT = 300, 90

print("opencv", cv2.__version__)
changed = False
for seed in range(3):
    random = np.random.default_rng(seed)
    before = random.uniform(0, 320, (MATCHES, 2))
    motion = np.where(np.arange(MATCHES)[:, None] < ON_SUBJECT, (12, 5), (-4, 2))
    after = before + motion + random.normal(0, 0.3, (MATCHES, 2))
    shuffled = random.permutation(MATCHES)
    inliers = {}
    for name, method, order in (
        ("RANSAC", cv2.RANSAC, slice(None)),
        ("USAC_DEFAULT", cv2.USAC_DEFAULT, slice(None)),
        ("USAC_MAGSAC", cv2.USAC_MAGSAC, slice(None)),
        ("USAC_PROSAC", cv2.USAC_PROSAC, slice(None)),
        ("USAC_PROSAC, shuffled", cv2.USAC_PROSAC, shuffled),
    ):
        _, mask = cv2.findHomography(before[order], after[order], method, 1.0)
        inliers[name] = int(mask.sum())
    print("inliers:", inliers)
    first = inliers.pop("USAC_PROSAC")
    changed |= first > ON_SUBJECT or min(inliers.values()) < 0.6 * MATCHES
if changed:
    sys.exit("Changed: USAC_PROSAC is no longer the only method that returns the smaller group of inliers.")
PY
