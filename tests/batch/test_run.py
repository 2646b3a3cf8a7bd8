"""What a run leaves behind: every clip has one row, with hashtags or with the reason why not."""

import json
import os
import shutil
import signal
import struct
import subprocess
import sys
import time
from collections import Counter
from itertools import cycle
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow.parquet as pq
import pytest

from batch.shards import Job, size_of_shards
from models.answers import Hashtags
from models.bundle import SHIPPED, Bundle
from models.bundle.files import MANIFEST
from models.checksum import file_sha256
from models.pipeline import Pipeline
from models.tags.suggest_options import SuggestOptions
from models.tags.trends import TRENDS_FILE
from service.problems import Code
from tests.batch.conftest import GOOD, HOSTILE, Batch, Ended, command, environment, good_clips
from tests.docs.documents import ROOT, blocks

pytestmark = pytest.mark.server

MANY = int(os.environ.get("MANY_CLIPS", "160"))
"""Clips of a larger catalogue, one in twenty of which is hostile, each kind once; by hand 2,000 and more."""


def rows(out: Path) -> list[dict[str, Any]]:
    return pq.read_table(out).to_pylist()  # type: ignore[no-any-return]


def parts(out: Path) -> dict[str, bytes]:
    return {part.name: part.read_bytes() for part in sorted(out.glob("part-*"))}


def test_each_clip_has_its_row_in_order(catalogue: Path, tagged: tuple[Path, Ended]) -> None:
    out, _ = tagged
    found = rows(out)
    assert [row["path"] for row in found] == sorted([*HOSTILE, *(f"good{number}.mp4" for number in range(GOOD))])
    errors = {row["path"]: row["error"] for row in found}
    assert {path: error for path, error in errors.items() if error} == HOSTILE
    assert set(HOSTILE.values()) <= set(Code.__members__)
    for row in found:
        assert row["sha256"] == (None if row["path"] == "empty.mp4" else file_sha256(catalogue / row["path"]))
        assert (row["message"] is None) == (row["error"] is None)
        assert row["attempts"] == 1


def test_hashtags_are_those_of_the_pipeline(catalogue: Path, tagged: tuple[Path, Ended]) -> None:
    bundle = Bundle.open(SHIPPED)
    (row,) = (row for row in rows(tagged[0]) if row["path"] == "good1.mp4")
    answer = Hashtags.of(Pipeline(bundle)(catalogue / "good1.mp4"), bundle)
    assert row["tags"] == [found.tag for found in answer.hashtags] != []
    assert row["scores"] == pytest.approx([found.score for found in answer.hashtags], abs=0.01)
    assert (row["seconds"], row["fps"]) == (answer.video.duration_s, answer.video.fps)
    assert (row["width"], row["height"]) == (160, 120)
    assert row["confident"] == answer.confident
    assert row["model"] == bundle.sha256


def test_vectors_are_those_of_the_encoder(catalogue: Path, tagged: tuple[Path, Ended]) -> None:
    pipeline = Pipeline(Bundle.open(SHIPPED))
    encoded = pipeline.encoder.encode(catalogue / "good0.mp4")
    by_path = {row["path"]: row for row in rows(tagged[0])}
    row = by_path["good0.mp4"]
    # Workers choose their own BLAS kernels, whatever the environment of the tests asks for.
    np.testing.assert_allclose(row["fisher"], encoded.fisher, atol=1e-3)
    np.testing.assert_allclose(row["appearance"], encoded.appearance.features, atol=1e-3)
    embedded = pipeline.embedding.embed(encoded.fisher, encoded.appearance.features)
    np.testing.assert_allclose(row["embedding"], embedded, atol=1e-3)
    assert by_path["cut.mp4"]["fisher"] is None


def test_the_outcome_is_told_listed_and_marked(tagged: tuple[Path, Ended]) -> None:
    out, ended = tagged
    failed = {code: list(HOSTILE.values()).count(code) for code in sorted(set(HOSTILE.values()))}
    assert ended.code == 1
    assert ended.out == {"out": str(out), "clips": GOOD + len(HOSTILE), "failed": failed}
    assert json.loads((out / "_complete.json").read_text()) == {"clips": GOOD + len(HOSTILE), "failed": failed}
    listed = [json.loads(line) for line in (out / "_failures.jsonl").read_text().splitlines()]
    assert {failure["path"]: failure["error"] for failure in listed} == HOSTILE
    assert "11 of 11 clips" in ended.err
    assert not list(out.glob(".*"))


def test_a_lost_shard_is_made_again_to_the_byte(catalogue: Path, tagged: tuple[Path, Ended], batch: Batch) -> None:
    out, _ = tagged
    before = parts(out)
    (out / "_complete.json").unlink()
    (out / "part-000000.parquet").unlink()
    again = batch(catalogue, "--out", out, "--vectors")
    assert again.code == 1
    assert parts(out) == before


def test_what_is_complete_is_left_alone(catalogue: Path, tagged: tuple[Path, Ended], batch: Batch) -> None:
    out, ended = tagged
    times = {path: path.stat().st_mtime_ns for path in out.iterdir()}
    assert batch(catalogue, "--out", out, "--vectors").out == ended.out
    assert {path: path.stat().st_mtime_ns for path in out.iterdir()} == times


def test_a_shard_that_was_tampered_with_is_named(
    catalogue: Path, tagged: tuple[Path, Ended], batch: Batch, tmp_path: Path
) -> None:
    out = tmp_path / "out"
    shutil.copytree(tagged[0], out)
    (out / "_complete.json").unlink()
    shard = out / "part-000000.parquet"
    pq.write_table(pq.read_table(shard).slice(1), shard)
    assert "part-000000.parquet does not hold its clips" in batch(catalogue, "--out", out, "--vectors").err
    shard.write_bytes(shard.read_bytes()[:-9])
    ended = batch(catalogue, "--out", out, "--vectors")
    assert ended.code == 3
    assert "part-000000.parquet is damaged or missing" in ended.err
    assert not (out / "_complete.json").exists()


def test_the_documented_search_finds_clips_alike(tagged: tuple[Path, Ended], tmp_path: Path) -> None:
    (snippet,) = blocks(ROOT / "docs" / "operations.md", "python")
    shutil.copytree(tagged[0], tmp_path / "tags")
    code = snippet.replace("holiday/beach.mp4", "good1.mp4")
    done = subprocess.run([sys.executable, "-c", code], cwd=tmp_path, capture_output=True, text=True, check=True)
    first, *others = [line.split() for line in done.stdout.splitlines()]
    assert first == ["good1.mp4", "1.00"]
    assert {path for path, _ in others} == {"good0.mp4", "good2.mp4"}
    assert all(-1 <= float(cosine) <= 1 for _, cosine in others)


@pytest.mark.slow
@pytest.mark.timeout(1800 if MANY > 160 else 300)
def test_one_bad_clip_in_twenty_costs_no_other(catalogue: Path, batch: Batch, tmp_path: Path) -> None:
    clips, out = tmp_path / "clips", tmp_path / "out"
    clips.mkdir()
    good, bad = cycle(tmp_path / name for name in good_clips(tmp_path, 5)), cycle(catalogue / name for name in HOSTILE)
    wanted: dict[str, str | None] = {}
    for number in range(MANY):
        kind = next(good if number % 20 else bad)
        content = kind.read_bytes()
        clip = clips / f"{number:04}{kind.suffix}"
        # A box that is skipped makes each clip's bytes its own.
        clip.write_bytes(content and content + struct.pack(">I4sI", 12, b"free", number))
        wanted[clip.name] = None if number % 20 else HOSTILE[str(kind.relative_to(catalogue))]
    ended = batch(clips, "--out", out)
    print(ended.out, ended.err.splitlines()[-1])
    found = rows(out)
    assert [row["path"] for row in found] == sorted(wanted)
    assert {row["path"]: row["error"] for row in found} == wanted
    assert all(row["tags"] for row in found if row["error"] is None)
    assert ended.out["failed"] == Counter(filter(None, wanted.values()))


def test_another_run_is_refused(catalogue: Path, tagged: tuple[Path, Ended], batch: Batch, tmp_path: Path) -> None:
    out, _ = tagged
    refused = batch(catalogue, "--out", out, "-k", 3)
    assert refused.code == 3
    assert "other k, vectors" in refused.err
    (tmp_path / "holiday.jpg").touch()
    assert "holiday.jpg" in batch(catalogue, "--out", tmp_path).err


def test_an_output_in_the_source_is_refused_at_once_and_a_source_in_the_output(batch: Batch, tmp_path: Path) -> None:
    clips = tmp_path / "clips"
    clips.mkdir()
    good_clips(clips, 1)
    (tmp_path / "linked").symlink_to(clips)
    for source in (clips, clips.as_uri(), tmp_path / "linked"):
        for out in (clips / "tags", (clips / "tags").as_uri(), tmp_path / "linked" / "tags", clips / "a" / ".." / "b"):
            ended = batch(source, "--out", out)
            assert ended.code == 3
            assert ended.err == f"tag2vec: error: {out} is in the source: choose a folder outside it for the output.\n"
        for out in (clips, tmp_path, tmp_path / "linked"):
            assert "contains clips of the source" in batch(source, "--out", out).err
    assert [file.name for file in clips.iterdir()] == ["good0.mp4"]
    # A listing names its clips, so what else lies beside it does not count.
    (clips / "list.csv").write_text("path\ngood0.mp4\n")
    for _ in range(2):
        assert batch(clips / "list.csv", "--out", clips / "tags").code == 0
    (tmp_path / "list.csv").write_text("path\nclips/good0.mp4\n")
    assert "contains clips of the source" in batch(tmp_path / "list.csv", "--out", clips).err


def test_options_are_those_of_suggestions(batch: Batch, tmp_path: Path) -> None:
    (tmp_path / "clips").mkdir()
    (name,) = good_clips(tmp_path / "clips", 1)
    bundle = Bundle.open(SHIPPED)
    pipeline = Pipeline(bundle)
    encoded = pipeline.encoder.encode(tmp_path / "clips" / name)
    first = pipeline.suggest(encoded).hashtags[0].tag
    options = SuggestOptions(
        k=7, min_score=0.01, exclude=[first, "sky"], rank="popular", platform="x", language="en", diversity=0.9
    )
    given = f"-k 7 --min-score 0.01 --exclude {first},sky --rank popular --platform x --language en --diversity 0.9"
    assert batch(tmp_path / "clips", "--out", tmp_path / "out", *given.split()).code == 0
    wanted = [found.tag for found in pipeline.suggest(encoded, **options).hashtags]
    assert wanted != [found.tag for found in pipeline.suggest(encoded).hashtags][: len(wanted)]
    assert rows(tmp_path / "out")[0]["tags"] == wanted != []
    other = batch(tmp_path / "clips", "--out", tmp_path / "out", *given.replace(",sky", "").split())
    assert "holds a run with other exclude:" in other.err
    allowed = batch(tmp_path / "clips", "--out", tmp_path / "allowed", "--allow", "dance,#yoga", "--allow", "qqqqq")
    assert allowed.code == 0
    (row,) = rows(tmp_path / "allowed")
    assert set(row["tags"]) == {"dance", "yoga"}
    assert any("qqqqq" in warning for warning in row["warnings"])


def test_what_the_model_cannot_do_is_refused_at_once(batch: Batch, tmp_path: Path) -> None:
    clips, out, undated = tmp_path / "clips", tmp_path / "out", tmp_path / "undated"
    clips.mkdir()
    good_clips(clips, 1)
    shutil.copytree(SHIPPED, undated)
    manifest = json.loads((undated / MANIFEST).read_text())
    del manifest["files"][TRENDS_FILE]
    (undated / MANIFEST).write_text(json.dumps(manifest))
    for options in (["--language", "xx"], ["--rank", "trending", "--bundle", undated]):
        ended = batch(clips, "--out", out, *options)
        suggested = subprocess.run(
            [sys.executable, "-m", "commands.main", "suggest", clips / "good0.mp4", *options],
            capture_output=True,
            text=True,
            check=False,
        )
        assert (ended.code, ended.err) == (3, suggested.stderr)
        assert not out.exists()


def test_a_source_that_has_changed_is_refused_with_what_to_do(batch: Batch, tmp_path: Path) -> None:
    clips, out, more = tmp_path / "clips", tmp_path / "out", tmp_path / "more"
    clips.mkdir()
    good0, good1 = good_clips(clips, 2)
    (clips / "gone.mp4").symlink_to("elsewhere.mp4")
    (clips / good1).rename(tmp_path / good1)
    assert batch(clips, "--out", out).out["failed"] == {"unreadable": 1}
    assert {row["path"]: row["error"] for row in rows(out)} == {good0: None, "gone.mp4": "unreadable"}
    (tmp_path / good1).rename(clips / good1)
    grown = batch(clips, "--out", out)
    assert grown.code == 3
    assert (
        "it has 3 clips, 1 more than then. To tag only new clips, list them in a hidden file such as .new.csv"
        in grown.err
    )
    (clips / ".new.csv").write_text(f"path\n{good1}\n")
    assert batch(clips / ".new.csv", "--out", more).code == 0
    assert [row["path"] for row in [*rows(out), *rows(more)]] == ["gone.mp4", good0, good1]
    (clips / good0).unlink()
    assert "it has 2 clips, as many as then, but others" in batch(clips, "--out", out).err
    (clips / good1).unlink()
    assert "it has 1 clip, 1 fewer than then" in batch(clips, "--out", out).err


def test_what_may_pass_is_tried_twice(batch: Batch, tmp_path: Path) -> None:
    good_clips(tmp_path / "", 1)
    listing, out = tmp_path / "list.csv", tmp_path / "out"
    listing.write_text("id,path\n7,good0.mp4\n8,gone.mp4\n")
    ended = batch(listing, "--out", out, TAG2VEC_DEADLINE_S="0.001")
    assert ended.code == 1
    found = {row["path"]: row for row in rows(out)}
    assert (found["good0.mp4"]["error"], found["good0.mp4"]["attempts"]) == ("deadline_exceeded", 2)
    assert (found["gone.mp4"]["error"], found["gone.mp4"]["attempts"]) == ("unreadable", 2)
    assert list(found) == ["good0.mp4", "gone.mp4"]
    assert "retrying 2 clips that failed for reasons that may pass" in ended.err


@pytest.mark.parametrize("interrupt", [signal.SIGINT, signal.SIGTERM])
def test_interruptions_leave_whole_shards_and_the_next_run_goes_on(
    batch: Batch, tmp_path: Path, interrupt: signal.Signals
) -> None:
    clips, out = tmp_path / "clips", tmp_path / "out"
    clips.mkdir()
    (name,) = good_clips(clips, 1)
    for number in range(2 * size_of_shards(1)):
        (clips / f"copy{number:02}.mp4").write_bytes((clips / name).read_bytes())
    process = subprocess.Popen(
        command(clips, "--out", out),
        env=environment(),
        stderr=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        start_new_session=True,
    )
    deadline = time.monotonic() + 200
    while not list(out.glob("part-*")):
        assert time.monotonic() < deadline
        assert process.poll() is None
        time.sleep(0.01)
    if interrupt == signal.SIGINT:
        os.killpg(process.pid, interrupt)  # as a terminal does: to all of its processes
    else:
        process.send_signal(interrupt)
    told, complaints = process.communicate(timeout=60)
    assert process.returncode == 130
    assert told == ""
    assert "To resume, repeat the command" in complaints
    assert "Traceback" not in complaints
    first = {path.name: path.stat().st_mtime_ns for path in out.glob("part-*")}
    assert len(first) < 3
    assert {path.name for path in out.iterdir()} == {"_run.json", *first}
    assert batch(clips, "--out", out).code == 0
    assert {name: (out / name).stat().st_mtime_ns for name in first} == first
    assert [row["path"] for row in rows(out)] == sorted(path.name for path in clips.iterdir())
    assert not any(row["error"] for row in rows(out))


@pytest.mark.parametrize(("module", "extra"), [("pyarrow", "batch"), ("ray", "scale")])
def test_a_missing_extra_is_named(module: str, extra: str) -> None:
    code = f"import sys; sys.modules[{module!r}] = None; from commands.main import main; main(sys.argv[1:])"
    arguments = ["batch", "clips", "--out", "tags", "--ray", "auto"]
    done = subprocess.run([sys.executable, "-c", code, *arguments], capture_output=True, text=True, check=False)
    assert done.returncode == 3
    assert done.stderr == f"tag2vec: error: {module} is not installed; pip install 'tag2vec[{extra}]'\n"


def test_jobs_survive_as_text() -> None:
    for job in (Job(3, ["a", "b"]), Job(4, ["a\n", "é"], [1])):
        assert Job.from_json(job.to_json()) == job
