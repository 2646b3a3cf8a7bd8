"""What a worker process of the survey runs: encodes a clip as the service does, and copies it for browsers."""

from pathlib import Path

from models.sandbox import worker
from models.video.excerpt import WHOLE

COPY = "copy.mp4"


def prepare(job: Path, model: Path) -> None:
    """Encode `job/clip`, and write a copy to `job` if browsers would not play it."""
    worker.encode(job, model, threads=1, excerpt=WHOLE)
    if not (job / "fisher.npy").exists():
        return
    from training.survey.playable import plays_in_browsers, write_copy

    if not plays_in_browsers(job / "clip"):
        write_copy(job / "clip", job / COPY)
