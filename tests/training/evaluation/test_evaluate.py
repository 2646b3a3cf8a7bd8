"""The whole evaluation of a tiny training."""

import json

import numpy as np
import pytest

from training.artifacts import Artifacts
from training.clips import Clip
from training.config import Config
from training.evaluation.answers import read_answers
from training.evaluation.co_use import SUGGESTED
from training.evaluation.evaluate import _benchmarks, read_calibration
from training.evaluation.folds import FOLDS
from training.evaluation.quality import read_quality
from training.examples import Examples, stem_of
from training.out_of_fold import OutOfFold
from training.relevance import CoUse


def test_quality_of_a_training(trained: Config) -> None:
    quality = read_quality(Artifacts.under(trained.work))
    assert quality.clips == 12
    assert [(row.hashtag, row.clips, row.groups, row.few_groups) for row in quality.hashtags] == [
        ("jumping", 6, 6, False),
        ("skating", 6, 6, False),
    ]
    rows = quality.hashtags
    assert quality.nearest.over_classes == pytest.approx(np.mean([row.accuracy for row in rows]), abs=1e-3)
    assert quality.top5.over_clips == 1  # there are but two
    assert quality.svm.over_clips > 0.7  # left and right against up and down
    assert quality.paper.over_clips > 0.7
    assert quality.by_source is not None
    assert (quality.by_source.clips, quality.by_source.hashtags) == (12, 2)
    assert quality.by_source.svm.over_clips > 0.7
    assert quality.first_five.trained.among > 0.7
    assert quality.first_five.relevant > 1
    assert quality.benchmarks == []
    assert quality.out_of_distribution is None
    assert quality.zero_shot.tags == 10


def test_co_use_of_two_topics(trained: Config) -> None:
    co_use = read_quality(Artifacts.under(trained.work)).co_use
    # Five tags go with a hashtag, itself among them; the posts are about nothing else, and few after repeats.
    assert 3 < co_use.own_tag.relevant <= 5
    assert co_use.counted.relevant <= co_use.own_tag.relevant
    assert co_use.own_tag.none == 0
    assert all(0 <= row.end_to_end <= row.own_tag + 1e-3 for row in co_use.hashtags)
    sentences = (trained.work / "corpus" / "sentences.txt").read_text().splitlines()
    for row in co_use.hashtags:
        assert row.posts == sum(stem_of(row.hashtag) in line.split() for line in sentences)


def test_every_clip_has_its_answer(trained: Config) -> None:
    answers = read_answers(trained.work / "evaluation")
    unseen = OutOfFold.read(trained.work / "out_of_fold")
    assert [answer.path for answer in answers] == [f"{tag}/{n}.mp4" for tag in ("skating", "jumping") for n in range(6)]
    assert unseen.embedded.shape == (12, 100)
    assert unseen.pairs.shape == (2, FOLDS, 12, 100)
    arrays = (unseen.embedded, unseen.left_out, unseen.post_splits, unseen.left_out_post_splits, unseen.pairs)
    for array in arrays:
        lengths = np.linalg.norm(array, axis=-1)
        assert ((lengths > 0.1) & (lengths < 1 + 1e-5)).all()
    for answer in answers:
        assert len(answer.judged) == 2
        for judged in answer.judged:
            assert len(judged.tags) == len(judged.expected) == len(judged.relevant) <= SUGGESTED
            assert sum(judged.relevant) <= 5
    co_use = read_quality(Artifacts.under(trained.work)).co_use
    hits = [np.mean([sum(one.relevant) for one in answer.judged]) for answer in answers]
    assert co_use.end_to_end.relevant == pytest.approx(np.mean(hits), abs=0.01)  # as many clips of both hashtags


def test_pairs_differ_outside_their_fold(trained: Config) -> None:
    unseen = OutOfFold.read(trained.work / "out_of_fold")
    for number in range(FOLDS):
        own = unseen.fold == number
        np.testing.assert_array_equal(unseen.pairs[:, number, own], unseen.post_splits[:, own])
        assert not np.isclose(unseen.pairs[:, number, ~own], unseen.post_splits[:, ~own]).all(axis=-1).any()


def test_the_post_splits_share_the_posts(trained: Config) -> None:
    both = [(trained.work / "post_splits" / half / "sentences.txt").read_text().splitlines() for half in "01"]
    whole = (trained.work / "corpus" / "sentences.txt").read_text().splitlines()
    assert sorted(both[0] + both[1]) == sorted(whole)
    assert all(len(half) > len(whole) / 4 for half in both)


def test_the_bundle_says_what_was_calibrated(trained: Config) -> None:
    manifest = json.loads((trained.work / "bundle" / "manifest.json").read_text())
    assert manifest["calibration"] == read_calibration(trained.work / "evaluation").model_dump()
    card = (trained.work / "bundle" / "MODEL_CARD.md").read_text()
    for words in ("end to end: unseen clips, unseen posts", "expected calibration error", "left out of training"):
        assert words in card


def test_relevance_is_measured_on_the_posts() -> None:
    posts = [["golf", "putt"], ["golf", "putt"], ["dog", "puppy"], ["dog", "puppy"], ["cat", "kitten"]]
    assert CoUse.from_sentences(posts).relevants("golf") == {"golf", "putt"}


@pytest.mark.parametrize(("clips", "measured"), [(8, 0), (20, 1)])
def test_a_benchmark_of_too_few_clips_is_left_out(clips: int, measured: int) -> None:
    rows = [Clip(path=f"{row}.mp4", category="ab"[row % 2], group=str(row)) for row in range(clips)]
    parts = np.random.default_rng(0).normal(size=(3, clips, 4)).astype(np.float32)
    assert len(_benchmarks(Examples.of(rows, [clip.category for clip in rows], parts), seed=0)) == measured
