"""`tag2vec suggest`: hashtags for clips."""

import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

import typer

from commands.exit_codes import ExitCode
from commands.output import complain, write_json

if TYPE_CHECKING:
    from models.answers import Hashtags

STDIN = Path("-")
"""Stands for a clip on standard input."""
_CHUNK = 2**20


def _language(code: str | None) -> str | None:
    from models.tags.languages import primary_subtag

    return code and primary_subtag(code)


KOption = Annotated[int, typer.Option("--k", "-k", min=1, max=50, help="Maximum number of hashtags per clip.")]
MinScoreOption = Annotated[float, typer.Option(min=0.0, max=1.0, help="Minimum score, from 0 to 1.")]
ExcludeOption = Annotated[
    list[str] | None,
    typer.Option(
        metavar="TAG", help="Never suggest this hashtag or its inflections; repeatable, or separated by commas."
    ),
]
AllowOption = Annotated[
    list[str] | None,
    typer.Option(
        metavar="TAG",
        help="Suggest only this hashtag and its inflections, even where it is held back by its kind; repeatable, "
        "or separated by commas.",
    ),
]
RankOption = Annotated[
    Literal["similar", "popular", "trending"],
    typer.Option(help="Order: best fit first; or among the best, the most used or the fastest growing first."),
]
PlatformOption = Annotated[
    Literal["instagram", "tiktok", "youtube", "threads", "mastodon", "bluesky", "x"] | None,
    typer.Option(help="Only hashtags valid there, and no more than a post may have.", show_default="any"),
]
LanguageOption = Annotated[
    str | None,
    typer.Option(
        metavar="CODE",
        callback=_language,
        help="Suggest only hashtags used in posts of this language: a code such as en; see the API.",
    ),
]
DiversityOption = Annotated[
    float, typer.Option(min=0.0, max=1.0, help="How strongly similarly spelt hashtags are demoted, from 0 to 1.")
]
BundleOption = Annotated[
    Path | None,
    typer.Option(
        "--bundle",
        metavar="FOLDER",
        envvar="TAG2VEC_BUNDLE",
        help="Model bundle.",
        show_default="the one included",
    ),
]
DenyFileOption = Annotated[
    Path | None,
    typer.Option(
        metavar="FILE",
        envvar="TAG2VEC_DENY_FILE",
        help="More hashtags never to suggest, in the format of the bundle's own list.",
    ),
]
KindsFileOption = Annotated[
    Path | None,
    typer.Option(
        metavar="FILE",
        envvar="TAG2VEC_KINDS_FILE",
        help="More hashtags to hold back, in the format of the bundle's own table of kinds.",
    ),
]
TrendsFileOption = Annotated[
    Path | None,
    typer.Option(
        metavar="FILE", envvar="TAG2VEC_TRENDS_FILE", help="Trends newer than the bundle's, made by tag2vec trends."
    ),
]
JsonOption = Annotated[
    bool, typer.Option("--json", help="Print one JSON object per line; the default unless stdout is a terminal.")
]


def suggest(
    clips: Annotated[
        list[Path],
        typer.Argument(metavar="CLIP...", help="Video files; - for standard input."),
    ],
    k: KOption = 15,
    min_score: MinScoreOption = 0.0,
    exclude: ExcludeOption = None,
    allow: AllowOption = None,
    rank: RankOption = "similar",
    platform: PlatformOption = None,
    start: Annotated[
        float, typer.Option(metavar="SECONDS", min=0.0, help="Start of the part of the clip to analyse.")
    ] = 0.0,
    end: Annotated[
        float | None,
        typer.Option(
            metavar="SECONDS", min=0.0, help="End of the part of the clip to analyse.", show_default="the end"
        ),
    ] = None,
    language: LanguageOption = None,
    hint: Annotated[
        list[str] | None,
        typer.Option(
            metavar="TAG",
            help="A hashtag that the clip already has: it guides the suggestions, and is not suggested again; "
            "repeatable, or separated by commas.",
        ),
    ] = None,
    diversity: DiversityOption = 0.1,
    tracks: Annotated[
        bool, typer.Option("--tracks", help="Include some of the clip's trajectories in the JSON.")
    ] = False,
    explain: Annotated[
        bool, typer.Option("--explain", help="Show why each hashtag was suggested, and when in the clip.")
    ] = False,
    deny_file: DenyFileOption = None,
    kinds_file: KindsFileOption = None,
    trends_file: TrendsFileOption = None,
    as_json: JsonOption = False,
    bundle: BundleOption = None,
) -> None:
    """Suggest hashtags for clips.

    A clip that fails costs a line on stderr, `tag2vec: CLIP: code: message`, and exit code 1; the others are answered.
    """
    from models import encoder
    from models.answers import Hashtags
    from models.bundle import SHIPPED, Bundle
    from models.cpu_count import processors
    from models.errors import ClipError
    from models.pipeline import Pipeline
    from models.tags.suggest_options import SuggestOptions, require_possible
    from models.tags.tag_list import split
    from models.video.excerpt import Excerpt

    try:
        excerpt = Excerpt(start_s=start, end_s=end)
    except ValueError as error:
        raise typer.BadParameter(str(error)) from None
    opened = Bundle.open(bundle or SHIPPED)
    pipeline = Pipeline(opened, deny_file, kinds_file, trends_file)
    options = SuggestOptions(
        k=k,
        min_score=min_score,
        exclude=split(exclude or ()),
        allow=split(allow or ()),
        rank=rank,
        platform=platform,
        language=language,
        hint=split(hint or ()),
        diversity=diversity,
    )
    require_possible(options, pipeline.suggester)
    threads = processors()
    if not encoder.kernels_cached():
        complain("compiling kernels, once on this machine, about 20 s")
    failed = False
    for clip in clips:
        try:
            with on_disk(clip) as file:
                found = pipeline(file, excerpt=excerpt, threads=threads, tracks=tracks, explain=explain, **options)
                answer = Hashtags.of(found, opened)
        except ClipError as error:
            failed = True
            complain(f"{clip}: {error.code}: {error}")
        except OSError as error:
            failed = True
            complain(f"{clip}: unreadable: {error.strerror or error}")
        else:
            if as_json or not sys.stdout.isatty():
                write_json({"clip": str(clip), **answer.model_dump()})
            else:
                show(clip, answer)
    if failed:
        raise typer.Exit(ExitCode.FAILED)


@contextmanager
def on_disk(clip: Path) -> Iterator[Path]:
    """Yield the file of a clip, for standard input a private copy that is removed afterwards.

    Raises
    ------
    ClipTooLarge
        If standard input has more bytes than a clip may have; the rest is not read.
    """
    if clip != STDIN:
        yield clip
        return
    from models.errors import ClipTooLarge
    from models.video.limits import VideoLimits

    left = VideoLimits().max_bytes
    with tempfile.TemporaryDirectory(prefix="tag2vec-") as folder:
        copy = Path(folder, "clip")
        with copy.open("wb") as file:
            while chunk := sys.stdin.buffer.read(_CHUNK):
                left -= len(chunk)
                if left < 0:
                    raise ClipTooLarge(
                        f"Standard input has more bytes than the {VideoLimits().max_bytes / 2**20:g} MiB accepted."
                    )
                file.write(chunk)
        yield copy


def show(clip: Path, answer: "Hashtags") -> None:
    """Print a table."""
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    video = answer.video
    about = (
        f"{clip}  {video.duration_s:.1f} s, {video.width}x{video.height}, "
        f"{video.trajectories} trajectories, {answer.timings_ms.total / 1000:.2f} s"
    )
    console = Console()
    console.print(Text(about, style="bold"), soft_wrap=True)
    table = Table()
    table.add_column("rank", justify="right")
    table.add_column("hashtag")
    table.add_column("score", justify="right")
    table.add_column("distance", justify="right")
    explained = any(found.because is not None for found in answer.hashtags)
    if explained:
        table.add_column("because")
        table.add_column("mostly at", justify="right")
    for found in answer.hashtags:
        cells: list[str | Text] = [
            str(found.rank),
            Text(f"#{found.tag}"),
            f"{found.score:.3f}",
            f"{found.distance:.3f}",
        ]
        if explained:
            named = (f"{'' if one.kind == 'seen' else '#'}{one.name} {one.share:.0%}" for one in found.because or ())
            most = max(found.moments or (), key=lambda one: one.share, default=None)
            cells += [Text(", ".join(named)), f"{most.start_s:.1f}-{most.end_s:.1f} s" if most else ""]
        table.add_row(*cells)
    if answer.hashtags:
        console.print(table)
    for warning in answer.warnings:
        console.print(Text(f"warning: {warning}", style="yellow"))
    console.print()
