"""`tag2vec batch`: hashtags for a back catalogue."""

import signal
from functools import partial
from typing import Annotated, Any

import typer

from commands.exit_codes import ExitCode
from commands.output import complain, write_json
from commands.suggest import (
    AllowOption,
    BundleOption,
    DenyFileOption,
    DiversityOption,
    ExcludeOption,
    KindsFileOption,
    KOption,
    LanguageOption,
    MinScoreOption,
    PlatformOption,
    RankOption,
    TrendsFileOption,
)


def batch(
    source: Annotated[
        str,
        typer.Argument(
            metavar="SOURCE",
            help="A folder; a listing with a column `path` (.csv, .tsv, .parquet, .jsonl); or the URI of either, such "
            "as s3://bucket/prefix.",
        ),
    ],
    out: Annotated[str, typer.Option("--out", metavar="FOLDER", help="Folder or URI for the Parquet files.")],
    k: KOption = 15,
    min_score: MinScoreOption = 0.0,
    exclude: ExcludeOption = None,
    allow: AllowOption = None,
    rank: RankOption = "similar",
    platform: PlatformOption = None,
    language: LanguageOption = None,
    diversity: DiversityOption = 0.1,
    vectors: Annotated[bool, typer.Option("--vectors", help="Also write each clip's vectors, about 110 KB.")] = False,
    ray: Annotated[
        str | None,
        typer.Option(
            metavar="ADDRESS",
            help="Use this Ray cluster (HOST:PORT, or auto) instead of this machine's processors.",
        ),
    ] = None,
    deny_file: DenyFileOption = None,
    kinds_file: KindsFileOption = None,
    trends_file: TrendsFileOption = None,
    bundle: BundleOption = None,
) -> None:
    """Tag a back catalogue: one Parquet row per clip.

    Clips are opened as in the service, with its limits (TAG2VEC_MAX_DURATION_S and the like). A clip that fails gets a
    row with its error code, and the exit code is 1. To resume an interrupted run, repeat the command.
    """
    from service import environment

    environment.pin_threads()  # before NumPy is imported

    from batch.progress import show
    from batch.run import run
    from models.tags.suggest_options import SuggestOptions
    from models.tags.tag_list import split
    from service.settings import Settings

    given: dict[str, Any] = {
        "bundle": bundle,
        "deny_file": deny_file,
        "kinds_file": kinds_file,
        "trends_file": trends_file,
    }
    settings = Settings(**{name: file for name, file in given.items() if file is not None})
    options = SuggestOptions(
        k=k,
        min_score=min_score,
        exclude=split(exclude or ()),
        allow=split(allow or ()),
        rank=rank,
        platform=platform,
        language=language,
        diversity=diversity,
    )
    if ray is None:
        from batch.local import execute
    else:
        from batch import on_ray

        execute = partial(on_ray.execute, address=ray)
    log_to_stderr()
    # Supervisors interrupt with SIGTERM.
    signal.signal(signal.SIGTERM, lambda *_: signal.raise_signal(signal.SIGINT))
    try:
        summary = run(
            source,
            out,
            settings=settings,
            options=options,
            vectors=vectors,
            execute=execute,
            show=show,
        )
    except KeyboardInterrupt:
        complain(f"interrupted; all files in {out} are complete. To resume, repeat the command.")
        raise typer.Exit(ExitCode.INTERRUPTED) from None
    write_json({"out": out, "clips": summary.clips, "failed": summary.failed})
    if summary.failed:
        raise typer.Exit(ExitCode.FAILED)


def log_to_stderr() -> None:
    """Show the log of the run, and only errors of the service's code."""
    import logging

    logging.basicConfig(format="%(asctime)s %(message)s", datefmt="%H:%M:%S")
    logging.getLogger("batch").setLevel(logging.INFO)
    logging.getLogger("service").setLevel(logging.ERROR)
