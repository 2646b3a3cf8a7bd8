import json
import os
import pty
import subprocess
import sys
from pathlib import Path

from models.bundle import Bundle
from models.pipeline import Pipeline
from tests.commands.conftest import TAGS, Run


def test_json_lines_are_what_the_pipeline_answers(bundle: Path, clip: Path, run: Run) -> None:
    ended = run("suggest", "--bundle", bundle, clip, clip)
    first, second = map(json.loads, ended.out.splitlines())
    assert ended.code == 0
    assert first["clip"] == str(clip)
    opened = Bundle.open(bundle)
    assert first["model"] == {"name": "random", "version": "0", "sha256": opened.sha256}
    answer = Pipeline(opened)(clip)
    assert [found["tag"] for found in first["hashtags"]] == [found.tag for found in answer.hashtags]
    assert set(first["hashtags"][0]) == {"tag", "score", "distance", "rank"}
    assert {found["tag"] for found in first["hashtags"]} == set(TAGS.values())
    assert first["video"]["trajectories"] == answer.trajectories > 0
    assert set(first["timings_ms"]) == {"decode", "trajectories", "fisher", "embed", "search", "total"}
    assert second["hashtags"] == first["hashtags"]


def test_options_reach_the_suggestions(bundle: Path, clip: Path, run: Run) -> None:
    ended = run("suggest", "--bundle", bundle, "-k", 2, "--exclude", "#Dance", "--exclude", "golf", clip)
    tags = [found["tag"] for found in json.loads(ended.out)["hashtags"]]
    assert len(tags) == 2
    assert not {"dancing", "golf"} & set(tags)
    assert json.loads(run("suggest", "--bundle", bundle, "--min-score", 1, clip).out)["hashtags"] == []


def test_a_bad_clip_costs_one_line_and_the_others_are_answered(
    bundle: Path, clip: Path, tmp_path: Path, run: Run
) -> None:
    text = tmp_path / "text.mp4"
    text.write_text("not a video")
    ended = run("suggest", "--bundle", bundle, text, clip, tmp_path / "absent.mp4", tmp_path)
    assert ended.code == 1
    assert [json.loads(line)["clip"] for line in ended.out.splitlines()] == [str(clip)]
    lines = ended.err.splitlines()
    assert [line.split(": ")[:3] for line in lines] == [
        ["tag2vec", str(text), "not_a_video"],
        ["tag2vec", str(tmp_path / "absent.mp4"), "unreadable"],
        ["tag2vec", str(tmp_path), "unreadable"],
    ]


def test_a_terminal_gets_a_table(bundle: Path, clip: Path) -> None:
    leader, follower = pty.openpty()
    command = [sys.executable, "-m", "commands.main", "suggest", "--bundle", str(bundle), str(clip)]
    process = subprocess.Popen(command, stdout=follower, env={**os.environ, "TERM": "xterm", "COLUMNS": "100"})
    os.close(follower)
    shown = b""
    try:
        while read := os.read(leader, 4096):
            shown += read
    except OSError:  # the other side of the terminal is closed
        pass
    os.close(leader)
    assert process.wait() == 0
    assert "#축구" in shown.decode()
    assert "score" in shown.decode()
    assert '"tag"' not in shown.decode()
