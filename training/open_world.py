"""Answers open-world clips with the whole bundle as it will ship, to measure it; nothing is learnt from them."""

import logging
from functools import cache, partial
from pathlib import Path
from tempfile import TemporaryDirectory

from models.bundle import Bundle
from models.pipeline import Pipeline
from training.artifacts import Artifacts
from training.bundle import write_learnt
from training.config import Config
from training.evaluation.open_world import OPEN_WORLD, OpenWorldAnswer, read_open_world_clips
from training.features import TIMEOUT
from training.json_file import write_json
from training.progress import track
from training.workers import in_processes

log = logging.getLogger(__name__)


def answer_open_world(out: Path, artifacts: Artifacts, *, config: Config) -> None:
    """Write the answers to all open-world clips; nothing if the configuration names none."""
    if config.data.open_world is None:
        log.info("open world: the configuration names no clips for it, skipped")
        return
    clips = read_open_world_clips(config.data.open_world)
    files = {config.data.open_world.with_suffix("") / clip.path: clip for clip in clips}
    answers: dict[Path, OpenWorldAnswer] = {}
    with TemporaryDirectory() as folder:
        bundle = Path(folder) / "bundle"
        write_learnt(bundle, artifacts, config=config, quality={}, card=lambda manifest: "", timings={})
        outcomes = in_processes(partial(suggest, bundle=bundle), list(files), workers=config.workers, timeout=TIMEOUT)
        for file, outcome in track(outcomes, "open world", len(files)):
            if isinstance(outcome, Exception):
                log.warning("open world: %s failed: %s", files[file].path, outcome or type(outcome).__name__)
                answers[file] = OpenWorldAnswer(clip=files[file], failure=str(outcome) or type(outcome).__name__)
            else:
                tags, scores, confident = outcome
                answers[file] = OpenWorldAnswer(clip=files[file], tags=tags, scores=scores, confident=confident)
    write_json(out / OPEN_WORLD, [answers[file].model_dump() for file in files])


def suggest(clip: Path, *, bundle: Path) -> tuple[list[str], list[float], bool]:
    """Return hashtags for a clip and their scores, and whether the answer is confident."""
    answer = _pipeline(bundle)(clip)
    tags, scores = [one.tag for one in answer.hashtags], [round(one.score, 4) for one in answer.hashtags]
    return tags, scores, answer.confident


@cache
def _pipeline(bundle: Path) -> Pipeline:
    return Pipeline(Bundle.open(bundle))
