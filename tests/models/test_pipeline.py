"""The pipeline end to end with the bundle that ships, and how its parts work together with made-up ones."""

import csv
import os
import subprocess
import sys
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

from models.appearance import Appearance
from models.bundle import SHIPPED, Bundle
from models.calibration import Calibration, Recognition
from models.embedding import Embedding
from models.encoded_clip import EncodedClip
from models.encoder import STILL
from models.pipeline import UNSURE, Pipeline
from models.tags.class_anchors import ClassAnchors, ImageClass
from models.tags.cooccurrence import Cooccurrence
from models.tags.space import TagSpace
from models.tags.stemming import normalise, stem
from models.tags.suggestions import Suggester
from models.video.info import VideoInfo
from tests import clips


@pytest.fixture(scope="module")
def pipeline() -> Pipeline:
    return Pipeline(Bundle.open(SHIPPED))


@pytest.fixture(scope="module")
def clip(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return clips.write(tmp_path_factory.mktemp("pipeline") / "clip.mp4", clips.drifting(40))


def test_answer(pipeline: Pipeline, clip: Path) -> None:
    answer = pipeline(clip, k=7)
    assert [suggestion.rank for suggestion in answer.hashtags] == list(range(1, 8))
    assert all(0 <= suggestion.score <= 1 for suggestion in answer.hashtags)
    assert (answer.video.width, answer.video.height, answer.video.frames_used) == (160, 120, 40)
    assert answer.trajectories > 0
    assert answer.warnings == ([] if answer.confident else [UNSURE])
    stages = ["decode", "trajectories", "fisher", "appearance", "embed", "search"]
    assert list(answer.timings_ms) == [*stages, "total"]
    assert all(answer.timings_ms[stage] > 0 for stage in stages)
    assert answer.timings_ms["total"] == pytest.approx(sum(answer.timings_ms[stage] for stage in stages))


def test_exclude_and_min_score(pipeline: Pipeline, clip: Path) -> None:
    encoded = pipeline.encoder.encode(clip)
    best = pipeline.suggest(encoded).hashtags
    without = pipeline.suggest(encoded, exclude=[best[0].tag], k=50).hashtags
    assert stem(normalise(best[0].tag)) not in {stem(normalise(suggestion.tag)) for suggestion in without}
    threshold = best[3].score
    assert all(suggestion.score >= threshold for suggestion in pipeline.suggest(encoded, min_score=threshold).hashtags)


def test_result_is_the_same_for_any_number_of_threads(pipeline: Pipeline, clip: Path) -> None:
    one, two = (pipeline.encoder.encode(clip, threads=threads) for threads in (1, 2))
    assert one.fisher.tobytes() == two.fisher.tobytes()


def test_short_clip_is_answered_with_a_warning(pipeline: Pipeline, tmp_path: Path) -> None:
    short = clips.write(tmp_path / "short.mp4", clips.drifting(15))
    answer = pipeline(short)
    assert len(answer.hashtags) == 15
    assert answer.video.frames_used == 15
    assert "15 frames" in answer.warnings[0]


@pytest.mark.parametrize("frames", [1, 15, 40])
def test_still_clip_is_answered_from_its_pictures(pipeline: Pipeline, tmp_path: Path, frames: int) -> None:
    answer = pipeline(clips.write(tmp_path / "still.mp4", clips.still(frames)))
    assert len(answer.hashtags) == 15
    assert answer.trajectories == 0
    assert STILL in answer.warnings


@pytest.mark.slow
def test_encoding_loads_neither_torch_nor_faiss(clip: Path) -> None:
    program = (
        "import sys; from pathlib import Path; from models.bundle import SHIPPED, Bundle;"
        "from models.pipeline import Pipeline; p = Pipeline(Bundle.open(SHIPPED)); p.encoder.warm_up();"
        f"p.encoder.encode(Path({str(clip)!r}));"
        "print(sorted({'torch', 'faiss', 'sklearn', 'gensim'} & set(sys.modules)))"
    )
    printed = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True).stdout
    assert printed.strip() == "[]"


def test_real_clips_get_their_hashtag_in_the_top_five(pipeline: Pipeline) -> None:
    """An end-to-end check on clips that the bundle was trained on."""
    if "TAG2VEC_DATA" not in os.environ:
        pytest.skip("TAG2VEC_DATA is not set")
    data = Path(os.environ["TAG2VEC_DATA"])
    with (data / "clips.tsv").open(newline="", encoding="utf-8") as file:
        clips_by_stem = {stem(normalise(row["hashtag"])): row["path"] for row in csv.DictReader(file, delimiter="\t")}
    trained = sorted(clips_by_stem.keys() & set(pipeline.tagspace.hashtags))
    assert trained
    correct = []
    for name in trained[::4]:
        answer = pipeline(data / "clips" / clips_by_stem[name])
        correct.append(name in {stem(normalise(found.tag)) for found in answer.hashtags[:5]})
    assert np.mean(correct) >= 0.75


@pytest.mark.slow
def test_warm_up_compiles_every_kernel() -> None:
    script = """
import sys
from itertools import chain
from models.encoder import warm_up
from models.trajectories.extractor import extract
from models.trajectories.settings import TrajectorySettings
from tests.clips import drifting

def compiled():
    modules = [module for name, module in sys.modules.items() if name.startswith("models.trajectories.")]
    kernels = chain.from_iterable(vars(module).items() for module in modules)
    return {name: len(kernel.signatures) for name, kernel in kernels if hasattr(kernel, "signatures")}

warm_up(TrajectorySettings())
before = compiled()
clip = drifting(20, (320, 240))
assert sum(len(batch) for batch in extract(clip, TrajectorySettings()))
assert before and compiled() == before, (before, compiled())
"""
    ended = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=False)
    assert ended.returncode == 0, ended.stderr


NAMES = ["golf", "danc", "dog", "cat"]
SPACE = TagSpace.from_vectors(NAMES, [4, 3, 2, 1], ["golf", "dance", "dog", "cat"], np.eye(4), ["golf", "danc"])
SUGGESTER = Suggester(
    SPACE,
    Cooccurrence.empty(4),
    temperature=0.1,
    classes=ClassAnchors([ImageClass("pug", "dog", ("dog",)), ImageClass("tabby", "cat", ("cat",))], SPACE),
)
CALIBRATION = Calibration(
    share_intercept=-4,
    share_familiarity=-8,
    share_certainty=8,
    any_intercept=0,
    any_relevance=1,
    any_familiarity=0,
    any_certainty=0,
    confident_from=0.9,
    score_intercept=0,
    score_relevance=1,
    score_any=0,
)


def made_up(calibration: Calibration | None) -> Pipeline:
    """A pipeline whose networks are sure of golf if something moves, and of nothing if not."""
    embedding = Embedding(
        projection=np.array([[127, 0]], np.int8),
        scale=np.array([1], np.float32),
        hidden_weight=np.full((2, 1, 2), [[[1, 0]], [[0, 1]]], np.float32),
        hidden_bias=np.zeros((2, 1, 2), np.float32),
        output_weight=np.array([[[1, 0, 0, 0], [0, 0, 0, 0]], [[0, 0, 0, 0], [1, 0, 0, 0]]], np.float32),
        output_bias=np.zeros((2, 1, 4), np.float32),
        appearance_mean=np.zeros(1, np.float32),
        appearance_deviation=np.ones(1, np.float32),
    )
    bundle: Any = SimpleNamespace(
        manifest=SimpleNamespace(calibration=calibration), embedding=lambda: embedding, suggester=lambda *_: SUGGESTER
    )
    return Pipeline(bundle)


def encoded(moves: bool, dog: float) -> EncodedClip:
    appearance = Appearance(np.zeros(1, np.float32), np.array([dog, 1 - dog], np.float32))
    video = VideoInfo(duration_s=1, fps=30, width=160, height=120, analysed_s=1.0, frames_used=30)
    return EncodedClip(np.array([moves], np.float32), appearance, video, int(moves), {"decode": 1.0}, ["a warning"])


def test_networks_and_pictures_speak_as_far_as_they_are_sure() -> None:
    pipeline = made_up(CALIBRATION)
    moving, still = (pipeline.suggest(encoded(moves, dog=1)) for moves in (True, False))
    assert moving.hashtags[0].tag == "golf"
    assert still.hashtags[0].tag == "dog"
    assert still.hashtags[0].relevance > 0.95
    assert {"golf", "dance"} >= {found.tag for found in pipeline.suggest(encoded(False, dog=1)).hashtags[1:3]}


CLIP = Recognition(0, 0)
"""Any: the calibration here goes by relevance alone."""


def test_confidence_needs_a_likely_first_five() -> None:
    pipeline = made_up(CALIBRATION)
    for dog, confident in ((1.0, True), (0.5, False)):
        answer = pipeline.suggest(encoded(False, dog), k=1)
        assert answer.confident == confident == (CALIBRATION.any_right(answer.hashtags[0].relevance, CLIP) >= 0.9)
        assert answer.warnings == ["a warning"] + [UNSURE] * (not confident)
    nothing = pipeline.suggest(encoded(False, 1.0), exclude=["dog"], min_score=0.99)
    assert not nothing.hashtags
    assert not nothing.confident
    assert UNSURE not in nothing.warnings


@pytest.mark.parametrize(("frames", "confident"), [(1, True), (2, False), (15, False), (16, True)])
def test_what_is_played_back_and_forth_is_never_sure(frames: int, confident: bool) -> None:
    clip = encoded(False, dog=1.0)
    answer = made_up(CALIBRATION).suggest(replace(clip, video=replace(clip.video, frames_used=frames)), k=1)
    assert answer.confident == confident


def test_all_scores_fall_where_the_answer_is_unsure() -> None:
    calibration = CALIBRATION.model_copy(update={"any_certainty": 8, "any_intercept": -4, "score_any": 0.5})
    pipeline = made_up(calibration)
    for dog in (1.0, 0.6):
        answer, still = pipeline.suggest(encoded(False, dog)), encoded(False, dog)
        clip = SUGGESTER.recognition(pipeline.embedding.embed(still.fisher, still.appearance.features), [dog, 1 - dog])
        any_right = calibration.any_right(answer.hashtags[0].relevance, clip)
        assert [one.score for one in answer.hashtags] == pytest.approx(
            [calibration.score(one.relevance, any_right) for one in answer.hashtags]
        )
        # Without its own share in the anchors, a tag is as likely right as the whole answer lets it be.
        assert (answer.hashtags[0].score > 0.9) == (dog == 1)


def test_without_calibration_scores_are_relevance() -> None:
    answer = made_up(None).suggest(encoded(False, dog=1))
    assert answer.confident
    assert answer.warnings == ["a warning"]
    assert [found.score for found in answer.hashtags] == [found.relevance for found in answer.hashtags]
    assert answer.hashtags[0].tag == "dog"
    assert answer.timings_ms["total"] == pytest.approx(sum(list(answer.timings_ms.values())[:-1]))
