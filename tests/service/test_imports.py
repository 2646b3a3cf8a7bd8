"""Libraries that must never be loaded to serve: they are large, slow to import or part of another extra."""

import subprocess
import sys
from pathlib import Path

import pytest

from tests.clips import write
from tests.service.running import Running

TRAINING = {"gensim", "matplotlib", "sklearn", "torch"}
"""Needed by training alone."""
ENCODING = {"av", "cv2", "numba", "onnxruntime"}
"""Needed by workers alone."""


@pytest.mark.slow
def test_api_process_loads_neither_training_nor_encoding(server: Running, clip: bytes) -> None:
    """All of them have compiled parts, which are mapped once they are imported."""
    assert server.suggest(clip).status_code == 200
    mapped = Path(f"/proc/{server.process.pid}/maps").read_text()
    assert "/numpy/" in mapped
    assert not [name for name in TRAINING | ENCODING if f"/{name}/" in mapped]
    for worker in server.workers():
        mapped = Path(f"/proc/{worker}/maps").read_text()
        assert [name for name in ENCODING if f"/{name}/" not in mapped] == []
        assert not [name for name in TRAINING | {"faiss"} if f"/{name}/" in mapped]


@pytest.mark.slow
def test_suggest_loads_no_training(bundle: Path, clips: Path) -> None:
    code = """
import atexit, sys
from commands.main import main
atexit.register(lambda: print(*{name.partition(".")[0] for name in sys.modules}, file=sys.stderr))
main(sys.argv[1:])
"""
    arguments = ["suggest", "--bundle", str(bundle), str(write(clips / "imports.mp4"))]
    ended = subprocess.run([sys.executable, "-c", code, *arguments], capture_output=True, text=True, check=True)
    loaded = set(ended.stderr.split())
    assert loaded > ENCODING
    assert loaded.isdisjoint(TRAINING | {"fastapi", "uvicorn"})
