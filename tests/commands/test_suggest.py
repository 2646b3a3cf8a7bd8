import io
import json
import os
import pty
import re
import subprocess
import sys
from pathlib import Path
from types import SimpleNamespace

import pytest

from models import encoder
from models.bundle import Bundle
from models.pipeline import Pipeline
from models.video.limits import VideoLimits
from tests.commands.conftest import TAGS, Run

STDIN = Path("-")


def test_json_lines_are_the_answers_of_the_pipeline(bundle: Path, clip: Path, run: Run) -> None:
    ended = run("suggest", "--bundle", bundle, clip, clip)
    first, second = map(json.loads, ended.out.splitlines())
    assert ended.code == 0
    assert first["clip"] == str(clip)
    opened = Bundle.open(bundle)
    assert first["model"] == {"name": "random", "version": "0", "sha256": opened.sha256}
    answer = Pipeline(opened)(clip)
    assert [found["tag"] for found in first["hashtags"]] == [found.tag for found in answer.hashtags]
    assert set(first["hashtags"][0]) == {"tag", "score", "distance", "rank", "because", "moments"}
    assert {found["tag"] for found in first["hashtags"]} == set(TAGS.values())
    assert first["video"]["trajectories"] == answer.trajectories > 0
    assert set(first["timings_ms"]) == {"decode", "trajectories", "fisher", "appearance", "embed", "search", "total"}
    assert second["hashtags"] == first["hashtags"]


def test_options_reach_the_suggestions(bundle: Path, clip: Path, run: Run) -> None:
    ended = run("suggest", "--bundle", bundle, "-k", 2, "--exclude", "#Dance", "--exclude", "golf", clip)
    tags = [found["tag"] for found in json.loads(ended.out)["hashtags"]]
    assert len(tags) == 2
    assert not {"dancing", "golf"} & set(tags)
    assert json.loads(run("suggest", "--bundle", bundle, "--min-score", 1, clip).out)["hashtags"] == []


def test_tracks(bundle: Path, clip: Path, run: Run) -> None:
    answer = json.loads(run("suggest", "--bundle", bundle, "--tracks", clip).out)
    assert 0 < len(answer["tracks"]["points"]) <= answer["video"]["trajectories"]
    assert json.loads(run("suggest", "--bundle", bundle, clip).out)["tracks"] is None


def test_platform(bundle: Path, clip: Path, run: Run) -> None:
    ended = run("suggest", clip, "--bundle", bundle, "--platform", "threads")
    assert len(json.loads(ended.out)["hashtags"]) == 1
    ended = run("suggest", clip, "--bundle", bundle, "--platform", "myspace")
    assert ended.code == 2
    assert "'instagram', 'tiktok', 'youtube', 'threads', 'mastodon', 'bluesky', 'x'" in re.sub(
        r"[\s│]+", " ", ended.err
    )


def test_hashtags_are_explained_if_asked(bundle: Path, clip: Path, run: Run) -> None:
    plain, explained = (
        json.loads(run("suggest", clip, "--bundle", bundle, *options).out) for options in ([], ["--explain"])
    )
    for bare, found in zip(plain["hashtags"], explained["hashtags"], strict=True):
        assert bare["because"] is bare["moments"] is None
        assert bare["tag"] == found["tag"]
        assert sum(one["share"] for one in found["because"]) == pytest.approx(1, abs=1e-3)
        assert [one["share"] for one in found["moments"]] == [1]  # the clip is a second long


def test_part_of_a_clip(bundle: Path, clip: Path, run: Run) -> None:
    ended = run("suggest", clip, "--bundle", bundle, "--start", "0.2", "--end", "0.8")
    video = json.loads(ended.out)["video"]
    assert (video["start_s"], video["frames_used"]) == (0.2, 18)
    ended = run("suggest", clip, "--bundle", bundle, "--start", "7")
    assert (ended.code, "no_such_part: The clip is 1.0 s long" in ended.err) == (1, True)
    ended = run("suggest", clip, "--bundle", bundle, "--start", "2", "--end", "1")
    assert (ended.code, "end must be after start" in ended.err) == (2, True)


def test_lists_of_tags(bundle: Path, clip: Path, run: Run) -> None:
    for given, expected in (
        (["--exclude", "#Dance,golf"], set(TAGS.values()) - {"dancing", "golf"}),
        (["--allow", "#golf #tennis", "--allow", "축구"], {"golf", "tennis", "축구"}),
    ):
        answer = json.loads(run("suggest", "--bundle", bundle, *given, clip).out)
        assert {found["tag"] for found in answer["hashtags"]} == expected
        assert answer["warnings"] == []


def test_tags_without_effect_are_named(bundle: Path, clip: Path, tmp_path: Path, run: Run) -> None:
    ended = run("suggest", "--bundle", bundle, "--exclude", "golf,unheard of", "--allow", "Qwertz,tennis", clip)
    answer = json.loads(ended.out)
    assert [found["tag"] for found in answer["hashtags"]] == ["tennis"]
    assert answer["warnings"] == ["The model does not know these tags, so they have no effect: #unheardof, #qwertz."]
    deny_file = tmp_path / "denied.txt"
    deny_file.write_text("dance\n")
    command = ("suggest", "--bundle", bundle, "--deny-file", deny_file, "--exclude", "golf", "--allow", "dance,golf")
    answer = json.loads(run(*command, clip).out)
    assert answer["hashtags"] == []
    assert answer["warnings"] == [
        "None of the tags in allow can be suggested (excluded: #golf; never suggested: #dance)."
    ]


def test_the_operators_tags_are_denied_or_held_back(bundle: Path, clip: Path, tmp_path: Path, run: Run) -> None:
    deny_file, kinds_file = tmp_path / "denied.txt", tmp_path / "kinds.tsv"
    deny_file.write_text("dance\n")
    kinds_file.write_text("dogs\tbrand\n")
    command = ("suggest", "--bundle", bundle, "--deny-file", deny_file, "--kinds-file", kinds_file, clip)
    for allow, expected in (([], set(TAGS.values()) - {"dancing", "dogs"}), (["dog", "dancing"], {"dogs"})):
        answer = json.loads(run(*command, *(part for tag in allow for part in ("--allow", tag))).out)
        assert {found["tag"] for found in answer["hashtags"]} == expected


def test_bad_clips_cost_a_line_and_others_are_answered(bundle: Path, clip: Path, tmp_path: Path, run: Run) -> None:
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


@pytest.mark.slow
def test_a_clip_from_standard_input(bundle: Path, clip: Path, tmp_path: Path) -> None:
    command = [sys.executable, "-m", "commands.main", "suggest", "--bundle", str(bundle)]
    environment = {**os.environ, "TMPDIR": str(tmp_path)}
    piped, named = (
        subprocess.run([*command, path], input=clip.read_bytes(), capture_output=True, check=True, env=environment)
        for path in ("-", str(clip))
    )
    ours, wanted = json.loads(piped.stdout), json.loads(named.stdout)
    assert ours["clip"] == "-"
    assert ours["hashtags"] == wanted["hashtags"]
    assert ours["video"] == wanted["video"]
    assert list(tmp_path.iterdir()) == []


def test_standard_input_is_read_no_further_than_the_limit(
    bundle: Path, run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    endless = SimpleNamespace(given=0)

    def read(size: int) -> bytes:
        endless.given += size
        return bytes(size)

    monkeypatch.setattr(sys, "stdin", SimpleNamespace(buffer=SimpleNamespace(read=read)))
    ended = run("suggest", "--bundle", bundle, STDIN)
    assert ended.code == 1
    assert ended.err.startswith("tag2vec: -: clip_too_large: ")
    assert endless.given <= VideoLimits().max_bytes + 2**20


def test_no_bytes_on_standard_input(bundle: Path, run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "stdin", SimpleNamespace(buffer=io.BytesIO()))
    ended = run("suggest", "--bundle", bundle, STDIN)
    assert ended.code == 1
    assert ended.err.startswith("tag2vec: -: empty_clip: ")


def test_compiling_is_announced(bundle: Path, clip: Path, run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(encoder, "kernels_cached", lambda: False)
    assert "compiling kernels" in run("suggest", "--bundle", bundle, clip).err
    monkeypatch.setattr(encoder, "kernels_cached", lambda: True)
    assert run("suggest", "--bundle", bundle, clip).err == ""


ELSEWHERE = """
import os, sys
for name in ("sched_getaffinity", "fork", "getuid"):
    delattr(os, name)
missing = "fcntl grp pwd resource termios torch sklearn scipy matplotlib gensim fastapi"
for name in missing.split():
    sys.modules[name] = None
sys.argv[0] = "tag2vec"
from commands.main import main
main()
"""
"""Runs the command line as on Windows, and without what only training and the service install."""


@pytest.mark.slow
def test_runs_without_unix_torch_and_the_service(bundle: Path, clip: Path) -> None:
    command = [sys.executable, "-c", ELSEWHERE, "suggest", "--bundle", str(bundle), str(clip)]
    ended = subprocess.run(command, capture_output=True, text=True)
    assert ended.returncode == 0, ended.stderr
    assert json.loads(ended.stdout)["hashtags"]


@pytest.mark.slow
def test_json_is_utf_8_whatever_the_locale(bundle: Path, clip: Path) -> None:
    command = [sys.executable, "-m", "commands.main", "suggest", "--bundle", str(bundle), str(clip)]
    environment = {**os.environ, "PYTHONIOENCODING": "cp1252", "PYTHONUTF8": "0"}
    ended = subprocess.run(command, capture_output=True, env=environment, check=True)
    assert {found["tag"] for found in json.loads(ended.stdout.decode())["hashtags"]} == set(TAGS.values())


@pytest.mark.slow
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


def test_of_a_locale_the_language_counts(run: Run, clip: Path) -> None:
    upper, lower = (json.loads(run("suggest", "--language", code, clip).out)["hashtags"] for code in ("EN-us", "en"))
    assert upper == lower
    assert upper
