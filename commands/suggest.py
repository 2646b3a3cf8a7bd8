"""`tag2vec suggest`: hashtags for clips."""

import os
import sys
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal

import typer

from commands.exit_codes import ExitCode
from commands.output import complain, write_json

if TYPE_CHECKING:
    from models.pipeline import Answer

BundleOption = Annotated[
    Path | None,
    typer.Option(
        "--bundle", metavar="FOLDER", envvar="TAG2VEC_BUNDLE", help="Model bundle.", show_default="the one that ships"
    ),
]
DenyFileOption = Annotated[
    Path | None,
    typer.Option(
        metavar="FILE",
        envvar="TAG2VEC_DENY_FILE",
        help="More hashtags never to suggest, as the bundle lists them.",
    ),
]
JsonOption = Annotated[
    bool, typer.Option("--json", help="One JSON object a line, as always when stdout is not a terminal.")
]


def suggest(
    clips: Annotated[list[Path], typer.Argument(metavar="CLIP...", help="Video files: mp4, mov, webm, mkv or avi.")],
    k: Annotated[int, typer.Option("--k", "-k", min=1, max=50, help="Most hashtags a clip.")] = 15,
    min_score: Annotated[float, typer.Option(min=0.0, max=1.0, help="Least score, from 0 to 1.")] = 0.0,
    exclude: Annotated[
        list[str] | None,
        typer.Option(metavar="TAG", help="Never suggest this hashtag, nor its inflections; repeatable."),
    ] = None,
    allow: Annotated[
        list[str] | None,
        typer.Option(metavar="TAG", help="Suggest no other hashtags than these, and their inflections; repeatable."),
    ] = None,
    rank: Annotated[
        Literal["similar", "popular", "trending"],
        typer.Option(help="First what fits most likely; or of that what most posts use, or what has grown most."),
    ] = "similar",
    deny_file: DenyFileOption = None,
    as_json: JsonOption = False,
    bundle: BundleOption = None,
) -> None:
    """Suggest hashtags for clips.

    A clip that cannot be answered costs one line on stderr, `tag2vec: CLIP: code: message`, and exit code 1; the
    others are answered.
    """
    from models.bundle import SHIPPED, Bundle
    from models.errors import ClipError, NoDates
    from models.pipeline import Pipeline
    from models.tags.suggestions import NO_DATES, SuggestOptions

    opened = Bundle.open(bundle or SHIPPED)
    pipeline = Pipeline(opened, deny_file)
    if rank not in pipeline.suggester.ranks:
        raise NoDates(NO_DATES)
    options = SuggestOptions(k=k, min_score=min_score, exclude=exclude or (), allow=allow or (), rank=rank)
    model = {"name": opened.name, "version": opened.version, "sha256": opened.sha256}
    threads = len(os.sched_getaffinity(0))
    failed = False
    for clip in clips:
        try:
            answer = pipeline(clip, threads=threads, **options)
        except ClipError as error:
            failed = True
            complain(f"{clip}: {error.code}: {error}")
        except OSError as error:
            failed = True
            complain(f"{clip}: unreadable: {error.strerror or error}")
        else:
            if as_json or not sys.stdout.isatty():
                write_json({"clip": str(clip), "model": model, **as_served(answer)})
            else:
                show(clip, answer)
    if failed:
        raise typer.Exit(ExitCode.FAILED)


def as_served(answer: "Answer") -> dict[str, Any]:
    """Return the answer in the shape that the HTTP service gives it."""
    fields = asdict(answer)
    fields["video"]["trajectories"] = fields.pop("trajectories")
    for hashtag in fields["hashtags"]:
        del hashtag["relevance"]
    return fields


def show(clip: Path, answer: "Answer") -> None:
    """Print a table for people."""
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    video = answer.video
    about = (
        f"{clip}  {video.duration_s:.1f} s, {video.width}x{video.height}, "
        f"{answer.trajectories} trajectories, {answer.timings_ms['total'] / 1000:.2f} s"
    )
    table = Table(title=Text(about), title_justify="left", title_style="bold")
    table.add_column("rank", justify="right")
    table.add_column("hashtag")
    table.add_column("score", justify="right")
    table.add_column("distance", justify="right")
    for found in answer.hashtags:
        table.add_row(str(found.rank), Text(f"#{found.tag}"), f"{found.score:.3f}", f"{found.distance:.3f}")
    console = Console()
    console.print(table)
    for warning in answer.warnings:
        console.print(Text(f"warning: {warning}", style="yellow"))
