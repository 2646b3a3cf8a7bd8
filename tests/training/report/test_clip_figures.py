from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sklearn.metrics import confusion_matrix

from tests.clips import drifting, take, write
from training.report.confusion import confusion_shares
from training.report.example_frames import Example, choose, middle_frame, on_canvas
from training.report.learning_curve import SHARES, some_of
from training.report.tsne import colours_of, project


@given(st.lists(st.tuples(st.integers(0, 3), st.integers(0, 3)), min_size=1, max_size=40))
def test_confusion_is_that_of_scikit_learn(pairs: list[tuple[int, int]]) -> None:
    labels, nearest = np.array(pairs).T
    expected = confusion_matrix(labels, nearest, labels=range(4)).astype(float)
    expected /= np.maximum(expected.sum(axis=1, keepdims=True), 1)
    assert np.allclose(confusion_shares(nearest, labels, 4), expected)


@given(st.lists(st.integers(0, 4), min_size=1, max_size=60), st.integers(0, 5))
def test_a_larger_share_holds_the_smaller_and_every_hashtag(labels: list[int], seed: int) -> None:
    seen = np.arange(len(labels))[::2]
    of = np.array(labels)
    parts = [some_of(seen, of, share, seed).tolist() for share in SHARES]
    for smaller, larger in pairwise(parts):
        assert set(smaller) <= set(larger)
    assert parts[-1] == seen.tolist()
    assert set(of[parts[0]]) == set(of[seen])
    for label in set(of[seen]):
        assert (of[parts[0]] == label).sum() == max(1, round(SHARES[0] * (of[seen] == label).sum()))


def test_best_and_worst_of_different_hashtags() -> None:
    hits = {"a": 9, "b": 8, "c": 7, "d": 6, "e": 5, "f": 4, "g": 3, "h": 2, "i": 1}
    examples = [
        Example(Path(f"{name}{copy}.mp4"), name, ["t"] * 15, [place < count for place in range(15)])
        for name, count in hits.items()
        for copy in range(3)
    ]
    best, worst = choose(examples)
    assert [example.hashtag for example in best] == list("abcd")
    assert [example.hashtag for example in worst] == list("ihgf")
    assert [example.hits for example in best] == [9, 8, 7, 6]


@pytest.mark.parametrize("rotation", [0, 90])
def test_middle_frame_is_the_clips_own(rotation: int, tmp_path: Path) -> None:
    clip = write(tmp_path / "clip.mp4", drifting(9), rotation=rotation)
    frame = middle_frame(clip)
    wanted = take(clip)[0][4]
    assert frame.shape == (*wanted.shape, 3)
    assert np.abs(frame.mean(axis=2) - wanted).mean() < 4


@given(st.integers(1, 50), st.integers(1, 50))
def test_canvas_is_of_one_shape_and_holds_the_frame(height: int, width: int) -> None:
    frame = np.full((height, width, 3), 7, np.uint8)
    canvas = on_canvas(frame)
    assert (canvas == 7).all(axis=2).sum() == height * width
    assert abs(canvas.shape[1] - canvas.shape[0] * 4 / 3) <= 1.4


def test_projection_keeps_clusters_apart_and_is_the_same_twice() -> None:
    rng = np.random.default_rng(0)
    labels = np.repeat([0, 1, 2], 20)
    vectors = (rng.normal(size=(3, 30))[labels] * 4 + rng.normal(size=(60, 30))).astype(np.float32)
    places = project(vectors, 0)
    assert np.array_equal(places, project(vectors, 0))
    middles = np.stack([places[labels == label].mean(axis=0) for label in range(3)])
    nearest = np.linalg.norm(places[:, None] - middles, axis=2).argmin(axis=1)
    assert (nearest == labels).all()


@given(st.integers(1, 60))
def test_every_hashtag_has_a_colour_of_its_own(count: int) -> None:
    colours = {tuple(colour) for colour in colours_of(count)}
    assert len(colours) == count
