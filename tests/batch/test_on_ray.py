"""A cluster of three Ray nodes on this machine, one of which is killed at work."""

import json
import os
import subprocess
import time
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
import pytest

from batch.shards import size_of_shards
from tests.batch.conftest import Batch, command, environment, good_clips

pytest.importorskip("ray", reason="Ray is not installed (pip install 'tag2vec[scale]')")

pytestmark = [pytest.mark.slow, pytest.mark.server, pytest.mark.timeout(900)]

SHARDS = 8


def catalogue(folder: Path) -> Path:
    """Clips for all shards, one of them empty."""
    names = good_clips(folder, 4)
    for number in range(SHARDS * size_of_shards(1) - len(names) - 1):
        os.link(folder / names[number % len(names)], folder / f"copy{number:04}.mp4")
    (folder / "empty.mp4").touch()
    return folder


def written(out: Path) -> dict[str, int]:
    return {part.name: part.stat().st_mtime_ns for part in out.glob("part-*")}


def wait_for_shards(out: Path, count: int, process: "subprocess.Popen[str]") -> dict[str, int]:
    deadline = time.monotonic() + 600
    while len(found := written(out)) < count:
        assert process.poll() is None
        assert time.monotonic() < deadline
        time.sleep(0.05)
    return found


def test_neither_a_lost_node_nor_a_lost_driver_costs_a_clip(cluster: Any, batch: Batch, tmp_path: Path) -> None:
    (tmp_path / "clips").mkdir()
    clips, here, there = catalogue(tmp_path / "clips"), tmp_path / "here", tmp_path / "there"
    on_ray = command(clips, "--out", there, "--ray", cluster.address)
    driver = subprocess.Popen(on_ray, env=environment(), stderr=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    before = wait_for_shards(there, 2, driver)
    driver.kill()
    driver.communicate()
    driver = subprocess.Popen(on_ray, env=environment(), stderr=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    wait_for_shards(there, 5, driver)
    cluster.remove_node(next(iter(cluster.worker_nodes)), allow_graceful=False)
    at_the_loss = written(there)
    told, complaints = driver.communicate(timeout=600)
    assert driver.returncode == 1, complaints
    assert json.loads(told) == {"out": str(there), "clips": SHARDS * size_of_shards(1), "failed": {"empty_clip": 1}}
    assert "Progress bars disabled" not in complaints
    after = written(there)
    assert {name: after[name] for name in before} == before
    # One, if its node was lost before it could tell.
    assert sum(after[name] != at_the_loss[name] for name in at_the_loss) <= 1
    local = batch(clips, "--out", here)
    assert local.out["clips"] == SHARDS * size_of_shards(1)
    assert {part.name: part.read_bytes() for part in here.glob("part-*")} == {
        part.name: part.read_bytes() for part in there.glob("part-*")
    }
    assert pq.read_table(there).num_rows == SHARDS * size_of_shards(1)
