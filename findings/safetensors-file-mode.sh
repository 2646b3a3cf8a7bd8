#!/usr/bin/env bash
# safetensors: `save_file` creates files that only their owner can read, whatever the umask.
#
# Installs: safetensors 0.8.0 and numpy 2.4.6, in a temporary virtual environment.
# Expected: mode 0644 with umask 022, as from `numpy.save`.
# Found: 0600 from `save_file`; writing the bytes from `save` to a file gives 0644. So a service that runs as another
#   user cannot read the model file.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet safetensors==0.8.0 numpy==2.4.6
umask 022
"$folder/venv/bin/python" - "$folder" <<'PY'
import stat
import sys
from pathlib import Path

import numpy as np
import safetensors
from safetensors.numpy import save, save_file

print("safetensors", safetensors.__version__)
folder = Path(sys.argv[1])
array = np.zeros(3)
save_file({"a": array}, folder / "save_file")
(folder / "save").write_bytes(save({"a": array}))
np.save(folder / "numpy.npy", array)
modes = {}
for name in ("save_file", "save", "numpy.npy"):
    modes[name] = stat.S_IMODE((folder / name).stat().st_mode)
    print(f"{name}: {modes[name]:04o}")
if modes != {"save_file": 0o600, "save": 0o644, "numpy.npy": 0o644}:
    sys.exit("Changed: the modes are no longer 0600, 0644 and 0644.")
PY
