#!/usr/bin/env bash
# Arrow leaves links to missing files out of a folder's listing, so a dataset of that folder silently lacks their rows.
#
# Installs: pyarrow 26.0.1, in a temporary virtual environment.
# Expected: an error when one of three files of a dataset is a link whose target is missing (an unmounted disk), as when
#   the same three files are named one by one.
# Found: with the folder's name, a table of the other two, with no error. `FileSelector` does not list such links at
#   all, although Arrow has a file type for them, `NotFound`. `os.scandir` lists them.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet pyarrow==26.0.1
"$folder/venv/bin/python" - "$folder" <<'PY'
import os
import sys
from pathlib import Path

import pyarrow as pa
import pyarrow.dataset as ds
import pyarrow.parquet as pq
from pyarrow.fs import FileSelector, LocalFileSystem

print("pyarrow", pa.__version__)
folder = Path(sys.argv[1], "table")
folder.mkdir()
for number in range(2):
    pq.write_table(pa.table({"number": [number]}), folder / f"{number}.parquet")
(folder / "2.parquet").symlink_to(Path(sys.argv[1], "unmounted", "2.parquet"))
names = sorted(os.listdir(folder))
listed = sorted(info.base_name for info in LocalFileSystem().get_file_info(FileSelector(str(folder))))
rows = ds.dataset(str(folder), format="parquet").count_rows()
print(f"{len(names)} files; Arrow lists {', '.join(listed)}, and its dataset has {rows} rows")
try:
    ds.dataset([str(folder / name) for name in names], format="parquet").count_rows()
    error = ""
except FileNotFoundError as missing:
    error = str(missing)
print("With the files named one by one:", error.replace(sys.argv[1], "..."))
if (len(names), len(listed), rows, bool(error)) != (3, 2, 2, True):
    sys.exit("Changed: Arrow no longer leaves out links to missing files.")
PY
