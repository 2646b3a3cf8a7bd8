"""What runs in a worker process of the survey: the service's own encoding, and a copy where browsers need one."""

from pathlib import Path

from models.sandbox import worker

COPY = "copy.mp4"


def prepare(job: Path, model: Path) -> None:
    """Encode `job/clip`, and copy it into `job` where browsers would not play it."""
    worker.encode(job, model, threads=1)
    if not (job / "fisher.npy").exists():
        return
    from training.survey.playable import plays_in_browsers, write_copy

    if not plays_in_browsers(job / "clip"):
        write_copy(job / "clip", job / COPY)
