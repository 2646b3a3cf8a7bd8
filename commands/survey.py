"""`tag2vec survey`: people judge suggestions, as in the paper."""

import sys
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from commands.output import complain, write, write_json
from commands.suggest import BundleOption
from commands.train import log_to_stderr

if TYPE_CHECKING:
    from training.survey.agreement import Summary


def survey(
    db: Annotated[Path, typer.Option("--db", metavar="FILE", help="The survey's database; created if missing.")],
    clips: Annotated[
        Path | None, typer.Option("--clips", metavar="FOLDER", help="Folder of clips to judge, with its subfolders.")
    ] = None,
    raters: Annotated[
        list[str] | None,
        typer.Option("--rater", metavar="NAME", help="A person to take part, who gets a link; repeatable."),
    ] = None,
    host: Annotated[str, typer.Option(metavar="ADDRESS", help="Address to listen on.")] = "127.0.0.1",
    port: Annotated[int, typer.Option(min=0, max=65535, help="Port to listen on; 0: any free port.")] = 8001,
    export: Annotated[
        Path | None,
        typer.Option("--export", metavar="FILE", help="Write the answers as CSV, print a summary, and exit."),
    ] = None,
    bundle: BundleOption = None,
) -> None:
    """Let people judge the suggestions for clips on a web page, or export their answers.

    Prints a line with the link of each rater, and serves until Ctrl-C. Every tap is stored at once: the survey can be
    stopped or killed at any time, and continues when the same command is run again.
    """
    if (clips is None) == (export is None):
        raise typer.BadParameter("give either --clips, to run the survey, or --export", param_hint="--clips")
    if export is not None:
        export_answers(db, export)
    if clips is not None:
        from models.bundle import SHIPPED, Bundle
        from training.survey.server import serve

        log_to_stderr()
        serve(clips, db, Bundle.open(bundle or SHIPPED), raters=raters or (), host=host, port=port, tell=write)


def export_answers(db: Path, file: Path) -> None:
    """Write the finished answers of a survey to a table, and print a summary."""
    from training.survey.agreement import summarise, write_table
    from training.survey.database import Database

    with Database(db) as database:
        judged = list(database.judged())
        failures = database.failures()
    complain(f"{write_table(file, judged)} lines in {file}")
    for path, failure in failures.items():
        complain(f"{path} was not shown: {failure}")
    summary = summarise(judged)
    if sys.stdout.isatty():
        show(summary)
    else:
        write_json(asdict(summary))


def show(summary: "Summary") -> None:
    """Print the summary for people."""

    def figure(value: float | None) -> str:
        return "not defined" if value is None else f"{value:.2f}"

    write(f"{summary.answers} answers by {summary.raters} raters on {summary.clips} clips; {summary.skipped} skipped")
    write(f"suggestions that fit, mean over clips: {figure(summary.kept)}")
    write(f"share of answers where none fits, mean over clips: {figure(summary.none)}")
    write(f"Krippendorff's alpha: {figure(summary.alpha)}")
