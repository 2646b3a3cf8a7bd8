from datetime import date, timedelta
from pathlib import Path

import numpy as np
import pytest

from models.errors import BundleError
from models.tags.trends import TRENDS_FILE, Trends
from training.corpus import DATES, SENTENCES
from training.trends import DAYS, WINDOWS, count_trends

NEWEST = date(2016, 12, 18)


def write(folder: Path, posts: list[tuple[int | None, str]]) -> Path:
    """Posts by how many days before the newest they are from."""
    days = ["" if ago is None else str(NEWEST - timedelta(ago)) for ago, _ in posts]
    (folder / DATES).write_text("".join(f"{day}\n" for day in days))
    (folder / SENTENCES).write_text("".join(f"{tags}\n" for _, tags in posts), encoding="utf-8")
    return folder


def test_posts_are_counted_by_week(tmp_path: Path) -> None:
    posts = [(0, "golf snow"), (6, "snow yoga"), (7, "golf yoga"), (None, "golf snow"), (13, "golf rare")]
    posts += [(DAYS * WINDOWS - 1, "golf yoga"), (DAYS * WINDOWS, "golf yoga")]
    trends = count_trends(write(tmp_path, posts), ["golf", "snow", "yoga"])
    assert trends is not None
    assert trends.starts[-1] == NEWEST.toordinal() - DAYS + 1
    assert trends.posts.tolist() == [1, *[0] * (WINDOWS - 3), 2, 2]
    assert trends.counts[:, [0, -2, -1]].tolist() == [[1, 2, 1], [0, 0, 2], [1, 1, 1]]
    assert trends.growth.argmax() == 1


@pytest.mark.parametrize("days", [[None, None], [0, 3], [0, DAYS * WINDOWS]])
def test_no_trend_without_two_weeks(tmp_path: Path, days: list[int | None]) -> None:
    assert count_trends(write(tmp_path, [(ago, "golf snow") for ago in days]), ["golf"]) is None


def test_growth_is_over_what_was_to_be_expected() -> None:
    trends = Trends(np.array([1, 8]), np.array([1000, 500]), np.array([[100, 50], [20, 50], [0, 1]], np.int32))
    assert trends.growth[0] == pytest.approx(1)
    assert trends.growth[1] > 3 > trends.growth[2] > 1


def test_what_is_saved_is_loaded(tmp_path: Path) -> None:
    trends = Trends(np.array([1, 8]), np.array([4, 5]), np.array([[1, 2]], np.int32))
    trends.save(tmp_path)
    assert Trends.load(tmp_path).growth.tolist() == trends.growth.tolist()
    (tmp_path / TRENDS_FILE).write_bytes(b"nothing of the kind")
    with pytest.raises(BundleError, match=TRENDS_FILE):
        Trends.load(tmp_path)


def test_newest_post(tmp_path: Path) -> None:
    trends = count_trends(write(tmp_path, [(3, "golf snow"), (0, "golf"), (20, "golf"), (None, "golf")]), ["golf"])
    assert trends is not None
    assert trends.newest_post == NEWEST
    assert not trends.stale(NEWEST + timedelta(90))
    assert trends.stale(NEWEST + timedelta(91))


def test_trends_of_few_or_old_posts_are_doubted() -> None:
    day = date(2026, 11, 1)
    starts = np.array([day.toordinal() - 6, day.toordinal() + 1])
    many = Trends(starts, np.array([500, 500]), np.array([[1, 2]], np.int32))
    few = Trends(starts, np.array([500, 499]), np.array([[1, 2]], np.int32))
    assert many.doubts(many.newest_post) == []
    (doubt,) = few.doubts(few.newest_post)
    assert doubt.startswith("Only 999 recent posts")
    (doubt,) = many.doubts(many.newest_post + timedelta(91))
    assert str(many.newest_post) in doubt


def test_a_file_beside_the_bundle_fits_its_tags_only(tmp_path: Path) -> None:
    trends = Trends(np.array([1, 8]), np.array([4, 5]), np.array([[1, 2]], np.int32))
    file = tmp_path / "newer.safetensors"
    trends.write(file, "ab" * 32)
    assert Trends.read(file, "ab" * 32).counts.tolist() == [[1, 2]]
    with pytest.raises(BundleError, match="another bundle"):
        Trends.read(file, "cd" * 32)
    trends.save(tmp_path)
    with pytest.raises(BundleError, match="holds no trends"):
        Trends.read(tmp_path / TRENDS_FILE, "ab" * 32)


@pytest.mark.parametrize(
    ("starts", "posts", "counts"), [([1], [4], [[1]]), ([8, 1], [4, 5], [[1, 2]]), ([1, 8], [4, 5], [[5, 2]])]
)
def test_what_counts_nothing_is_refused(starts: list[int], posts: list[int], counts: list[list[int]]) -> None:
    with pytest.raises(BundleError, match=TRENDS_FILE):
        Trends(np.array(starts), np.array(posts), np.array(counts, np.int32))
