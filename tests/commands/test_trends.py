import json
from collections.abc import Iterable
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest

from commands.exit_codes import ExitCode
from models.bundle import Bundle
from models.errors import BundleError
from tests.commands.conftest import Run

NEWEST = date(2025, 5, 31)


def write(file: Path, posts: list[tuple[int, str]], newest: date = NEWEST) -> Path:
    """Posts by how many days before the newest they are from."""
    lines = [json.dumps({"tags": tags.split(), "date": str(newest - timedelta(ago))}) for ago, tags in posts]
    file.write_text("\n".join(lines) + "\n", encoding="utf-8")
    return file


def test_newer_posts_are_counted_for_a_trained_bundle(bundle: Path, tmp_path: Path, run: Run) -> None:
    posts = write(tmp_path / "posts.jsonl", [(0, f"golf dogs a{n}") for n in range(9)] + [(30, "dogs été")] * 3)
    file = tmp_path / "trends.safetensors"
    ended = run("trends", posts, "--out", file, "--bundle", bundle)
    assert (ended.code, ended.out) == (0, f"{NEWEST}\n")
    opened = Bundle.open(bundle)
    assert opened.suggester().ranks == ["similar", "popular"]
    suggester = opened.suggester(trends_file=file)
    assert suggester.ranks == ["similar", "popular", "trending"]
    assert suggester.trends is not None
    assert suggester.trends.counts.sum(axis=1).tolist() == [9, 0, 0, 3, 0, 12]
    assert suggester.trends.growth.argmax() == 0


def test_posts_without_dates_show_no_trend(bundle: Path, tmp_path: Path, run: Run) -> None:
    (tmp_path / "posts.txt").write_text("golf dogs\n")
    file = tmp_path / "trends.safetensors"
    ended = run("trends", tmp_path / "posts.txt", "--out", file, "--bundle", bundle)
    assert ended.code == ExitCode.UNUSABLE
    assert "kept: 1, of which 0 carry a date." in ended.err
    assert not file.exists()


def test_equal_posts_are_said_to_be_repeats(bundle: Path, tmp_path: Path, run: Run) -> None:
    posts = write(tmp_path / "posts.jsonl", [(day, "golf dogs") for day in range(60)] + [(0, "golf"), (0, "")])
    ended = run("trends", posts, "--out", tmp_path / "trends.safetensors", "--bundle", bundle)
    assert ended.code == ExitCode.UNUSABLE
    assert "Posts read: 62; dropped as repeats: 57 (of posts with the same tags, 3 are kept);" in ended.err
    assert "fewer than two tags: 2; kept: 3, of which 3 carry a date." in ended.err
    assert "dates in at least two of the 12 weeks up to the newest" in ended.err


@pytest.mark.parametrize("future", [[2], [2, 3], range(2, 60)])
def test_posts_from_the_future_are_refused(bundle: Path, tmp_path: Path, run: Run, future: Iterable[int]) -> None:
    today = datetime.now(UTC).date()
    lines = [(-day, f"golf dogs a{day}") for day in [*future, 0, -10, -20]]
    posts, file = write(tmp_path / "posts.jsonl", lines, newest=today), tmp_path / "trends.safetensors"
    ended = run("trends", posts, "--out", file, "--bundle", bundle)
    assert ended.code == ExitCode.UNUSABLE
    assert f"The newest post is from the future, {today + timedelta(max(future))}" in ended.err
    assert not file.exists()


def test_it_may_already_be_tomorrow_elsewhere(bundle: Path, tmp_path: Path, run: Run) -> None:
    today = datetime.now(UTC).date()
    posts = write(tmp_path / "posts.jsonl", [(0, "golf dogs"), (9, "golf été")], newest=today + timedelta(1))
    assert run("trends", posts, "--out", tmp_path / "trends.safetensors", "--bundle", bundle).code == 0


def test_a_file_that_is_none_is_refused(bundle: Path, tmp_path: Path) -> None:
    (file := tmp_path / "trends.safetensors").write_text("nothing of the kind")
    with pytest.raises(BundleError, match=r"trends\.safetensors: holds no trends. Make it again with tag2vec trends"):
        Bundle.open(bundle).suggester(trends_file=file)
