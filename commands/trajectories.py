"""`tag2vec trajectories`: the trajectories of a clip, written to a file, drawn or timed."""

from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from commands.exit_codes import ExitCode
from commands.output import complain, write, write_json

if TYPE_CHECKING:
    from models.trajectories.settings import TrajectorySettings

DRAWINGS = {".png", ".mp4"}


class Setting(StrEnum):
    """Names of settings of the extractor."""

    FAST = "fast"
    REFERENCE = "reference"


def settings_of(setting: Setting) -> "TrajectorySettings":
    """Return the settings with this name."""
    from models.trajectories.settings import TrajectorySettings

    return TrajectorySettings() if setting is Setting.FAST else TrajectorySettings.reference()


def trajectories(
    clip: Annotated[Path, typer.Argument(metavar="CLIP", help="Video file.")],
    setting: Annotated[
        Setting,
        typer.Option(help="fast: as the service works; reference: as the authors' release, step by step."),
    ] = Setting.FAST,
    threads: Annotated[int | None, typer.Option(min=1, show_default="one per processor", help="Threads.")] = None,
    dump: Annotated[
        Path | None,
        typer.Option(
            metavar="FILE", help="Write the authors' 436 columns, tab-separated; gzipped if the name ends in .gz."
        ),
    ] = None,
    draw: Annotated[
        Path | None,
        typer.Option(
            metavar="FILE", help="Draw the trajectories over the frames: a video (.mp4) or a contact sheet (.png)."
        ),
    ] = None,
    timings: Annotated[
        bool, typer.Option("--timings", help="Print only milliseconds per frame for each stage, as one JSON object.")
    ] = False,
) -> None:
    """Extract the improved dense trajectories of a clip."""
    if draw is not None and draw.suffix not in DRAWINGS:
        raise typer.BadParameter(f"{draw} must end in .mp4 or .png", param_hint="--draw")
    from models.atomic_write import require_parent
    from models.cpu_count import processors
    from models.errors import ClipError

    for written in filter(None, (dump, draw)):
        require_parent(written)  # before minutes of work

    settings = settings_of(setting)
    threads = threads or processors()
    try:
        if dump or draw or not timings:
            summary = extract_clip(clip, settings, threads, dump, draw)
            if not timings:
                write(summary)
        if timings:
            from commands.stage_times import measure

            write_json(measure(clip, settings, threads))
    except ClipError as error:
        complain(f"{clip}: {error.code}: {error}")
        raise typer.Exit(ExitCode.FAILED) from None
    except OSError as error:
        if error.filename is None or Path(error.filename) != clip:
            raise  # of an output file
        complain(f"{clip}: unreadable: {error.strerror}")
        raise typer.Exit(ExitCode.FAILED) from None


def extract_clip(clip: Path, settings: "TrajectorySettings", threads: int, dump: Path | None, draw: Path | None) -> str:
    """Extract the trajectories, write what is asked for, and return a summary in one line."""
    from commands.drawing import Tracks, write_drawing
    from commands.dump import write_dump
    from models.trajectories.extractor import extract
    from models.video.decoding import Video

    # A pass to count the frames, as the authors do: rows hold relative times.
    with Video(
        clip, working_side=settings.working_side, through_bgr=settings.through_bgr, repeats=settings.repeats
    ) as video:
        size = video.size
        for _ in video:
            pass
        info = video.info
    tracks = Tracks()
    count = 0
    with Video(
        clip, working_side=settings.working_side, through_bgr=settings.through_bgr, repeats=settings.repeats
    ) as video:
        batches = extract(video, settings, threads=threads)
        if draw is not None:
            batches = tracks.watch(batches)
        count = write_dump(dump, batches, info, size) if dump else sum(len(batch) for batch in batches)
    if draw is not None:
        with Video(
            clip, working_side=settings.working_side, through_bgr=settings.through_bgr, repeats=settings.repeats
        ) as video:
            write_drawing(draw, video, tracks, count=info.frames_used, fps=info.fps)
    return (
        f"{clip}: {count} trajectories in {info.frames_used} frames of {info.width}x{info.height}, "
        f"analysed at {size[0]}x{size[1]}"
    )
