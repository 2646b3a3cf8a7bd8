"""The stage `features` on a cluster of three Ray nodes on this machine, one of which is killed at work."""

import os
import shutil
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest

from models.trajectories.settings import TrajectorySettings
from tests.clips import drifting, write
from training.descriptors import DescriptorJob, describe, read_facts

pytest.importorskip("ray", reason="Ray is not installed (pip install 'tag2vec[scale]')")

from cluster.connection import RayError
from training import on_ray

pytestmark = [pytest.mark.slow, pytest.mark.server, pytest.mark.timeout(900)]

CLIPS = 24


def write_config(folder: Path, work: str) -> Path:
    """Write a training on real clips, with a file that is no clip among them; return the configuration."""
    clips = folder / "clips"
    if not clips.exists():
        clips.mkdir()
        real = Path(os.environ["TAG2VEC_DATA"], "clips")
        smallest = sorted(real.rglob("*.mp4"), key=lambda clip: (clip.stat().st_size, clip))[:CLIPS]
        for number, clip in enumerate(smallest):
            shutil.copy(clip, clips / f"{number:02}.mp4")
        (clips / "bad.mp4").write_text("not a clip")
        rows = [f"{clip.name}\tc\tc\t{clip.stem}" for clip in sorted(clips.iterdir())]
        (folder / "clips.tsv").write_text("\n".join(["path\tcategory\thashtag\tgroup", *rows, ""]))
    config = folder / f"{work}.toml"
    config.write_text(
        f"""
        work = "{work}"
        workers = 2
        bundle = {{name = "tiny", version = "0"}}
        [data]
        clips = "clips"
        clip_list = "clips.tsv"
        posts = ["posts.txt"]
        """
    )
    return config


def train(config: Path, *options: str) -> "subprocess.Popen[str]":
    command = [sys.executable, "-m", "commands.main", "train", "--config", str(config), "features", *options]
    return subprocess.Popen(command, cwd=config.parent, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)


def written(work: Path) -> dict[str, int]:
    return {file.name: file.stat().st_mtime_ns for file in work.glob("descriptors/[!.]*")}


def wait_for(condition: Callable[[], bool], process: "subprocess.Popen[str] | None" = None) -> None:
    deadline = time.monotonic() + 600
    while not condition():
        assert process is None or process.poll() is None, process.communicate()
        assert time.monotonic() < deadline
        time.sleep(0.02)


@pytest.mark.skipif("TAG2VEC_DATA" not in os.environ, reason="TAG2VEC_DATA does not name the folder of real clips")
def test_neither_an_interruption_nor_a_lost_node_changes_a_byte(cluster: Any, tmp_path: Path) -> None:
    local = train(write_config(tmp_path, "here"))
    here, there = tmp_path / "here", tmp_path / "there"
    assert local.communicate(timeout=600)[0] == "here/features\n"

    config = write_config(tmp_path, "there")
    driver = train(config, "--ray", cluster.address)
    wait_for(lambda: len(written(there)) >= 2, driver)
    driver.send_signal(signal.SIGINT)
    told, complaints = driver.communicate(timeout=120)
    assert (driver.returncode, told) == (130, ""), complaints
    assert "Traceback" not in complaints
    assert list(there.glob("descriptors/.*")) == []
    assert {path.name for path in there.iterdir()} <= {"descriptors", ".lock"}
    before = written(there)

    driver = train(config, "--ray", cluster.address)
    wait_for(lambda: len(written(there)) >= len(before) + 4, driver)
    cluster.remove_node(next(iter(cluster.worker_nodes)), allow_graceful=False)
    at_the_loss = written(there)
    told, complaints = driver.communicate(timeout=600)
    assert (driver.returncode, told) == (0, "there/features\n"), complaints
    assert "bad.mp4 failed" in complaints
    after = written(there)
    assert {name: after[name] for name in before} == before
    # One, if its node was lost before it could tell.
    assert sum(after[name] != at_the_loss[name] for name in at_the_loss) <= 1
    assert len(at_the_loss) < len(after) == CLIPS
    assert list(there.glob("descriptors/.*")) == []
    for folder in ("descriptors", "features"):
        names = sorted(path.name for path in (here / folder).iterdir())
        assert names == sorted(path.name for path in (there / folder).iterdir())
        for name in names:
            assert (here / folder / name).read_bytes() == (there / folder / name).read_bytes(), name


def job(clip: Path) -> DescriptorJob:
    return DescriptorJob(clip, clip.with_suffix(".safetensors"), TrajectorySettings())


def at_work() -> list[tuple[int, int]]:
    """Return the processes in which clips are being described, each with the process of Ray that started it."""
    found = []
    for folder in Path("/proc").glob("[0-9]*"):
        try:
            parent = int((folder / "stat").read_text().rpartition(")")[2].split()[1])
            of_ray = Path(f"/proc/{parent}/cmdline").read_text().startswith("ray::_work")
            if of_ray and "spawn_main" in (folder / "cmdline").read_text():
                found.append((int(folder.name), parent))
        except OSError:  # it has just ended
            continue
    return found


def test_what_a_clip_does_to_its_process_costs_that_clip_alone(cluster: Any, tmp_path: Path) -> None:
    clips = [tmp_path / f"good{number}.mp4" for number in range(3)]
    for seed, clip in enumerate(clips):
        write(clip, drifting(22, (96, 80), seed=seed))
    (tmp_path / "text.mp4").write_text("not a clip")
    fifo = tmp_path / "fifo.mp4"
    os.mkfifo(fifo)  # opening it waits for ever
    jobs = [job(clip) for clip in (fifo, tmp_path / "text.mp4", *clips)]
    outcomes = dict[DescriptorJob, Any]()
    running = on_ray.execute(describe, jobs, address=cluster.address, folders=[tmp_path])
    for _ in range(4):
        done, outcome = next(running)
        outcomes[done] = outcome
    ((hanging, _),) = at_work()
    os.kill(hanging, signal.SIGKILL)
    outcomes |= dict(running)
    assert outcomes.keys() == set(jobs)
    assert isinstance(outcomes[jobs[0]], OSError)
    assert "text" not in str(outcomes[jobs[0]])
    assert isinstance(outcomes[jobs[1]], Exception)
    for good in jobs[2:]:
        assert outcomes[good] is None
        assert read_facts(good.file)["frames"] == 22
    ((_, late),) = on_ray.execute(describe, jobs[:1], address=cluster.address, folders=[tmp_path], timeout=1)
    assert isinstance(late, TimeoutError)


def test_a_clip_that_ends_what_ray_watches_is_not_tried_for_ever(cluster: Any, tmp_path: Path) -> None:
    fifo = tmp_path / "fifo.mp4"
    os.mkfifo(fifo)
    killed = set[int]()

    def kill() -> None:
        while len(killed) < 4:
            for _, process in at_work():
                killed.add(process)
                with suppress(ProcessLookupError):
                    os.kill(process, signal.SIGKILL)
            time.sleep(0.05)

    killer = threading.Thread(target=kill, daemon=True)
    killer.start()
    ((_, crashed),) = on_ray.execute(describe, [job(fifo)], address=cluster.address, folders=[tmp_path])
    killer.join(60)
    assert (len(killed), type(crashed).__name__) == (4, "WorkerCrashedError")


def test_a_machine_that_cannot_take_part_is_named(
    cluster: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "empty").mkdir()
    for folder in (tmp_path / "absent", tmp_path / "empty"):
        with pytest.raises(RayError, match=f"{os.uname().nodename} does not see what is in {folder}: mount it"):
            list(on_ray.execute(describe, [job(tmp_path / "a.mp4")], address=cluster.address, folders=[folder]))
    monkeypatch.setattr(on_ray, "code_version", lambda _: "other")
    with pytest.raises(RayError, match="another version of the code: install the same version everywhere"):
        list(on_ray.execute(describe, [job(tmp_path / "a.mp4")], address=cluster.address, folders=[]))
