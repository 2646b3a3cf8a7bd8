"""Strangers among clips whose Fisher vectors are made up."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from models.calibration import Calibration
from models.tags.space import TagSpace
from training import out_of_fold
from training.clips import Clip
from training.embedding import EmbeddingSettings
from training.evaluation import out_of_distribution
from training.evaluation.folds import FOLDS
from training.evaluation.out_of_distribution import BENCHMARK, meet_strangers, strangers_quality
from training.features import TABLE, Features
from training.out_of_fold import Network
from training.stage import write_json
from training.vocabulary import FISHER, VocabularySettings

CALIBRATION = Calibration(intercept=0, relevance=1, familiarity=1, confident_from=0.5)
CLIPS = 10


def write_features(folder: Path, categories: dict[str, str]) -> list[Clip]:
    """Write a table of clips of these categories, named with their hashtags, each clip a group of its own."""
    clips = [
        Clip(path=f"{name}/{number}.mp4", category=name, hashtag=tag, group=f"{name}{number}", benchmark=BENCHMARK)
        for name, tag in categories.items()
        for number in range(CLIPS)
    ]
    rows = [Features(clip=clip, status="kept", frames=20 + row % 7) for row, clip in enumerate(clips)]
    write_json(folder / TABLE, [row.model_dump() for row in rows])
    return clips


def meet(folder: Path, categories: dict[str, str], monkeypatch: pytest.MonkeyPatch) -> tuple[list[Clip], list[Network]]:
    """Meet strangers; clips of a category lie about a direction of its own."""
    clips, met, rng = write_features(folder, categories), list[Network](), np.random.default_rng(0)
    centres = {name: rng.normal(size=60) for name in categories}
    fisher = np.array([centres[clip.category] + rng.normal(0, 0.8, 60) for clip in clips], np.float32)

    def learnt(out: Path, *, without: set[str], **_: Any) -> None:
        assert without == {clip.path for clip in clips if not clip.hashtag}
        np.save(out / FISHER, np.stack([fisher, fisher]))

    def here(function: Any, networks: list[Network], **_: Any) -> Iterator[tuple[Network, Any]]:
        met.extend(networks)
        return ((network, function(network)) for network in networks)

    monkeypatch.setattr(out_of_distribution, "learn_vocabulary", learnt)
    monkeypatch.setattr(out_of_fold, "in_processes", here)
    tags = sorted({tag for tag in categories.values() if tag})
    TagSpace.from_vectors(tags, [1] * len(tags), tags, np.eye(len(tags), 12)).save(folder)
    meet_strangers(
        folder,
        features=folder,
        cache=folder,
        tag2vec=folder,
        vocabulary=VocabularySettings(),
        settings=EmbeddingSettings(members=2, hidden=30),
        workers=1,
    )
    return clips, met


def test_strangers_are_told_by_networks_that_never_saw_their_like(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    categories = {"golf": "golf", "jog": "run", "jump": "jump", "clap": "", "sit": "", "pour": ""}
    clips, networks = meet(tmp_path, categories, monkeypatch)
    assert len(networks) == 3 * FOLDS
    for network in networks:
        (_, _, known), (name, _, strange) = network.kept
        own = name.split(".")[2]
        assert {clips[row].category for row in strange} == {own}
        assert {clips[row].category for row in network.seen} == set(categories) - {own}
        assert not set(network.seen) & {*known, *strange}
    quality = strangers_quality(tmp_path, CALIBRATION)
    assert quality is not None
    assert (quality.known, quality.strangers) == (30, 30)
    assert quality.auroc > 0.8
    assert 0.35 < quality.auroc_of_length < 0.65
    assert quality.known_confident > quality.strangers_confident


def test_nothing_is_measured_where_there_are_none(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    _, networks = meet(tmp_path, {"golf": "golf", "jog": "run"}, monkeypatch)
    assert not networks
    assert strangers_quality(tmp_path, CALIBRATION) is None
