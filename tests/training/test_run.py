import logging
import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from models.bundle import Bundle
from models.pipeline import UNSURE, Pipeline
from tests.training.tiny import HASHTAGS, bundle_files, write_data
from training.artifacts import STAGES
from training.config import Config, read_config
from training.examples import ExamplesError
from training.run import run, stages
from training.stage import StageError, Work

RUN = "import sys; from pathlib import Path; from training.config import read_config; from training.run import run; "
RUN += "run(read_config(Path(sys.argv[1])))"


def test_a_clip_gets_hashtags_from_the_trained_bundle(trained: Config) -> None:
    pipeline = Pipeline(Bundle.open(trained.work / "bundle"))
    for hashtag in HASHTAGS:
        answer = pipeline(trained.data.clips / hashtag / "0.mp4", k=5)
        # Seen in training: a check of the way through, not of quality.
        assert answer.hashtags[0].tag == hashtag
        assert len(answer.hashtags) == 5


def test_scores_are_calibrated(trained: Config) -> None:
    bundle = Bundle.open(trained.work / "bundle")
    pipeline = Pipeline(bundle)
    encoded = pipeline.encoder.encode(trained.data.clips / "skating" / "0.mp4")
    answer, calibration = pipeline.suggest(encoded, k=8), bundle.manifest.calibration
    assert calibration is not None
    vector = pipeline.embedding.embed(encoded.fisher, encoded.appearance.features)
    clip = pipeline.suggester.recognition(vector, encoded.appearance.probabilities)
    any_right = calibration.any_right(answer.hashtags[0].relevance, clip)
    assert [one.score for one in answer.hashtags] == [
        calibration.score(one.relevance, any_right) for one in answer.hashtags
    ]
    assert answer.confident == (any_right >= calibration.confident_from)
    least = answer.hashtags[2].score
    assert all(one.score >= least for one in pipeline.suggest(encoded, min_score=least).hashtags)

    def confident(intercept: float) -> bool:
        flat = {"any_relevance": 0, "any_familiarity": 0, "any_certainty": 0, "confident_from": 0.9}
        other = calibration.model_copy(update=flat | {"any_intercept": intercept})
        manifest = bundle.manifest.model_copy(update={"calibration": other})
        answer = Pipeline(replace(bundle, manifest=manifest)).suggest(encoded)
        assert (UNSURE in answer.warnings) != answer.confident
        return answer.confident

    assert confident(3)
    assert not confident(2)


@pytest.mark.slow
def test_a_killed_training_resumes_to_the_same_bytes(trained: Config, tmp_path: Path) -> None:
    """Kill it in the stage `features`, when some are described, and again as soon as the vocabulary is begun."""
    config = shutil.copy(trained.work.parent / "tiny.toml", tmp_path)
    text = Path(config).read_text().replace(str(trained.work), str(tmp_path / "work"))
    Path(config).write_text(text)
    descriptors = tmp_path / "work" / "descriptors"

    def described() -> set[Path]:
        return set(descriptors.glob("*.safetensors"))

    kill_when(config, lambda: len(described()) >= 3)
    before = {file: file.stat().st_mtime_ns for file in described()}
    assert 3 <= len(before) < 12
    assert not (tmp_path / "work" / "features").exists()
    kill_when(config, lambda: any((tmp_path / "work").glob(".vocabulary.*.partial")))
    assert not (tmp_path / "work" / "vocabulary").exists()
    subprocess.run([sys.executable, "-c", RUN, config], check=True)
    assert {file: file.stat().st_mtime_ns for file in before} == before  # nothing was done twice
    assert bundle_files(tmp_path / "work" / "bundle") == bundle_files(trained.work / "bundle")


def kill_when(config: str | Path, condition: Callable[[], bool]) -> None:
    """Start a training and kill it once `condition` is met; wait for its workers to end by themselves."""
    process = subprocess.Popen([sys.executable, "-c", RUN, str(config)])
    children: list[int] = []
    try:
        while not condition():
            assert process.poll() is None, "ended before it could be killed"
            time.sleep(0.02)
        children = _children(process.pid)
    finally:
        process.send_signal(signal.SIGKILL)
        process.wait()
    until = time.monotonic() + 120
    while any(_command(child) for child in children):
        assert time.monotonic() < until, "a worker outlived its killed training"
        time.sleep(0.05)


def _children(pid: int) -> list[int]:
    threads = Path(f"/proc/{pid}/task").iterdir()
    return [int(child) for thread in threads for child in (thread / "children").read_text().split()]


def _command(pid: int) -> str:
    try:
        return Path(f"/proc/{pid}/cmdline").read_text()
    except (FileNotFoundError, ProcessLookupError):
        return ""


def test_finished_stages_are_skipped(trained: Config, caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.INFO):
        assert run(trained) == trained.work / "bundle"
    assert [message for message in caplog.messages if "skipped" in message] == [
        f"{stage}: up to date, skipped" for stage in STAGES
    ]
    assert not [message for message in caplog.messages if "started" in message]


def test_a_changed_setting_redoes_what_depends_on_it(
    copy: Callable[..., Config], caplog: pytest.LogCaptureFixture
) -> None:
    config = copy(embedding={"hidden": 10, "iterations": 5})
    with caplog.at_level(logging.INFO):
        run(config)
    done = [message.split(":")[0] for message in caplog.messages if message.endswith("started")]
    assert done == ["embedding", "out_of_fold", "out_of_distribution", "evaluation", "open_world", "bundle"]
    output = Bundle.open(config.work / "bundle").embedding().output_weight
    assert output.shape == (config.embedding.members, 10, 100)


def test_a_network_of_features_alone(copy: Callable[..., Config]) -> None:
    trained = copy()
    shown = {"network": trained.appearance.network, "pictures": 2}
    config = Config.model_validate(trained.model_dump() | {"appearance": shown})
    run(config)
    pipeline = Pipeline(bundle := Bundle.open(config.work / "bundle"))
    assert "classes.tsv" not in bundle.manifest.files
    assert "it names nothing" in (bundle.path / "MODEL_CARD.md").read_text()
    for hashtag in HASHTAGS:
        encoded = pipeline.encoder.encode(config.data.clips / hashtag / "0.mp4")
        assert encoded.appearance.probabilities.shape == (0,)
        answer = pipeline.suggest(encoded)
        assert answer.hashtags[0].tag == hashtag
        vector = pipeline.embedding.embed(encoded.fisher, encoded.appearance.features)
        alone = pipeline.suggester.suggest(vector)
        assert [one.relevance for one in answer.hashtags] == [one.relevance for one in alone]


def test_one_stage_alone(copy: Callable[..., Config], caplog: pytest.LogCaptureFixture) -> None:
    config = copy(embedding={"hidden": 10, "iterations": 5})
    with pytest.raises(StageError, match="stage 'embedding' is not finished"):
        run(config, "bundle")
    caplog.clear()
    with caplog.at_level(logging.INFO):
        assert run(config, "embedding") == config.work / "embedding"
    assert [message.split(":")[0] for message in caplog.messages if message.endswith("started")] == ["embedding"]


def test_stages_are_in_order_each_after_its_inputs(trained: Config) -> None:
    listed = stages(trained, Work(trained.work))
    assert tuple(stage.name for stage in listed) == STAGES
    for number, stage in enumerate(listed):
        assert set(stage.after) <= set(listed[:number])


@pytest.mark.parametrize(
    ("hashtags", "complaint"),
    [
        ([], "at least two hashtags"),
        (["golf"] * 9, "at least two hashtags"),
        (["golf", "tennis"] * 4, "there are 8 groups, and at most 4 clips of a class"),
        (["golf", "golf", "golf", "tennis"], "there are 4 groups, and at most 3 clips of a class"),
    ],
)
def test_too_few_clips_are_refused_before_anything_starts(tmp_path: Path, hashtags: list[str], complaint: str) -> None:
    config = read_config(write_data(tmp_path))
    # Clips without a hashtag do not count.
    rows = [f"{number}.mp4\tc\t{hashtag}\tg{number}" for number, hashtag in enumerate([*hashtags, *[""] * 9])]
    config.data.clip_list.write_text("\n".join(["path\tcategory\thashtag\tgroup", *rows]) + "\n")
    with pytest.raises(ExamplesError, match=f"clips.tsv: .*{complaint}"):
        run(config)
    assert not config.work.exists()


def test_no_such_stage(trained: Config) -> None:
    with pytest.raises(StageError, match="no stage 'dance'; the stages are corpus, tag2vec"):
        run(trained, "dance")


@pytest.mark.skipif(
    "TAG2VEC_DATA" not in os.environ, reason="TAG2VEC_DATA does not name the folder of real clips and posts"
)
def test_the_small_configuration_selects_forty_clips() -> None:
    from training.clips import read_clips

    config = read_config(Path(__file__).parents[2] / "training" / "small.toml")
    clips = read_clips(config.data.clip_list, config.clips)
    assert len(clips) == 40
    for hashtag in {clip.hashtag for clip in clips}:
        assert len({clip.group for clip in clips if clip.hashtag == hashtag}) >= 5
    assert all((config.data.clips / clip.path).is_file() for clip in clips)
