"""Node.js, and packages of npm that tests compare with."""

import json
import os
import shutil
import subprocess
from functools import cache
from pathlib import Path
from typing import Any

import pytest

NODE, NPM = shutil.which("node"), shutil.which("npm")
_CACHE = Path(os.environ.get("XDG_CACHE_HOME", Path.home() / ".cache"), "tag2vec-tests", "npm")
_ENVIRONMENT = {name: value for name, value in os.environ.items() if not name.startswith("NODE_")}


@cache
def packages(*names: str) -> Path:
    """A folder with these packages (`name@version`) in its `node_modules`; skips the test where there is no npm."""
    if NODE is None or NPM is None:
        pytest.skip("Node.js and npm are not installed (make test-tools)")
    folder = _CACHE / "+".join(name.replace("/", "_") for name in names)
    if not (folder / "done").exists():
        shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir(parents=True)
        (folder / "package.json").write_text("{}")
        options = ["--ignore-scripts", "--no-audit", "--no-fund", "--loglevel=error", "--fetch-retries=1"]
        done = subprocess.run([NPM, "install", *options, *names], cwd=folder, capture_output=True, text=True)
        if done.returncode:
            pytest.skip(f"npm reaches no registry: {done.stderr[-300:]}")
        (folder / "done").touch()
    return folder


def run(folder: Path, *arguments: str, given: Any = None) -> str:
    """What Node.js prints for a script of JavaScript or a file, run in `folder` with `given` as JSON on stdin."""
    assert NODE is not None
    done = subprocess.run(
        [NODE, *arguments], cwd=folder, input=json.dumps(given), capture_output=True, text=True, env=_ENVIRONMENT
    )
    assert done.returncode == 0, done.stderr[-3000:] + done.stdout[-3000:]
    return done.stdout
