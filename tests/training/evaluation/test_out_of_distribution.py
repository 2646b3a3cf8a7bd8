"""Out-of-distribution clips with made-up Fisher vectors."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from models.tags.space import TagSpace
from models.tensor_file import write_tensors
from tests.training.one_folder import all_in
from training import network_job
from training.appearance import APPEARANCES
from training.artifacts import Artifacts
from training.clips import Clip
from training.embedding import EmbeddingSettings
from training.evaluation import out_of_distribution
from training.evaluation.folds import FOLDS
from training.evaluation.out_of_distribution import (
    BENCHMARK,
    Comparison,
    compare_familiarity,
    out_of_distribution_quality,
)
from training.features import TABLE, Features
from training.json_file import write_json
from training.network_job import NetworkJob
from training.vocabulary import FISHER, VocabularySettings

CLIPS = 10


def write_features(folder: Path, categories: dict[str, str]) -> list[Clip]:
    """Write a table of clips of these categories with their hashtags, each clip a group of its own."""
    clips = [
        Clip(path=f"{name}/{number}.mp4", category=name, hashtag=tag, group=f"{name}{number}", benchmark=BENCHMARK)
        for name, tag in categories.items()
        for number in range(CLIPS)
    ]
    rows = [Features(clip=clip, status="kept", frames=20 + row % 7) for row, clip in enumerate(clips)]
    write_json(folder / TABLE, [row.model_dump() for row in rows])
    return clips


def compare(
    folder: Path, categories: dict[str, str], monkeypatch: pytest.MonkeyPatch
) -> tuple[list[Clip], list[NetworkJob]]:
    """Run the stage on clips that each lie about the direction of their category; return them and the networks."""
    clips, jobs, rng = write_features(folder, categories), list[NetworkJob](), np.random.default_rng(0)
    centres = {name: rng.normal(size=60) for name in categories}
    fisher = np.array([centres[clip.category] + rng.normal(0, 0.8, 60) for clip in clips], np.float32)

    def learn(out: Path, artifacts: Artifacts, *, without: set[str], **_: Any) -> None:
        assert without == {clip.path for clip in clips if not clip.hashtag}
        np.save(out / FISHER, np.stack([fisher, fisher]))

    def here(function: Any, items: list[NetworkJob], **_: Any) -> Iterator[tuple[NetworkJob, Any]]:
        jobs.extend(items)
        return ((job, function(job)) for job in items)

    monkeypatch.setattr(out_of_distribution, "learn_vocabulary", learn)
    seen = rng.uniform(size=(2, len(clips), 4)).astype(np.float32)
    write_tensors(folder / APPEARANCES, {"features": seen[0], "probabilities": seen[1]})
    monkeypatch.setattr(network_job, "in_processes", here)
    tags = sorted({tag for tag in categories.values() if tag})
    TagSpace.from_vectors(tags, [1] * len(tags), tags, np.eye(len(tags), 12)).save(folder)
    compare_familiarity(
        folder,
        all_in(folder),
        vocabulary=VocabularySettings(),
        embedding=EmbeddingSettings(members=2, hidden=30),
        workers=1,
    )
    return clips, jobs


@pytest.mark.slow
def test_networks_saw_neither_fold_nor_background_class(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    background = {"clap", "sit", "pour"}
    categories = {"golf": "golf", "jog": "run", "jump": "jump"} | dict.fromkeys(background, "")
    clips, jobs = compare(tmp_path, categories, monkeypatch)
    assert len(jobs) == len(background) * FOLDS
    unseen = [set(range(len(clips))) - set(job.seen.tolist()) for job in jobs]
    for own in background:
        rows = {row for row, clip in enumerate(clips) if clip.category == own}
        of_class = [missing - rows for missing in unseen if rows <= missing]
        assert len(of_class) == FOLDS
        # The folds of clips with a hashtag, each once; other background classes are seen.
        assert sorted(row for fold in of_class for row in fold) == list(range(3 * CLIPS))

    quality = out_of_distribution_quality(tmp_path)
    assert quality is not None
    assert (quality.in_distribution, quality.out_of_distribution) == (30, 30)
    assert quality.auroc > 0.8
    assert 0.35 < quality.auroc_of_length < 0.65


def test_nothing_is_measured_without_such_clips(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    _, jobs = compare(tmp_path, {"golf": "golf", "jog": "run"}, monkeypatch)
    assert not jobs
    assert out_of_distribution_quality(tmp_path) is None


def test_auroc_of_a_comparison() -> None:
    values = Comparison(fold=0, background_class="sit", in_distribution=[0.9, 0.4], out_of_distribution=[0.1, 0.5, 0.4])
    pairs = [(a > b) + (a == b) / 2 for a in values.in_distribution for b in values.out_of_distribution]
    assert values.auroc == pytest.approx(np.mean(pairs))
    assert values.model_copy(update={"in_distribution": []}).auroc is None
