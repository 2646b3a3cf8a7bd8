"""`tag2vec report`: the figures and tables of the paper, regenerated."""

from pathlib import Path
from typing import Annotated

import typer

from commands.output import write
from commands.suggest import BundleOption
from commands.train import log_to_stderr


def report(
    out: Annotated[Path, typer.Option("--out", metavar="FOLDER", help="For report.html and pictures.")] = Path(
        "report"
    ),
    config: Annotated[
        Path | None,
        typer.Option(
            "--config", metavar="FILE", help="A training for the figures of clips; it is brought up to date first."
        ),
    ] = None,
    words: Annotated[
        Path | None,
        typer.Option("--words", metavar="FILE", help="Word vectors to compare with the tags: .txt, .vec, .bin, .tgz."),
    ] = None,
    survey: Annotated[
        Path | None, typer.Option("--survey", metavar="FILE", help="Database of a survey, for the answers of people.")
    ] = None,
    bundle: BundleOption = None,
) -> None:
    """Write the figures and tables of the paper as one self-contained HTML page, and the figures as PNG.

    Without --config, the figures that need clips are left out. Prints the path of the page.
    """
    from models.bundle import SHIPPED, Bundle
    from training.config import read_config
    from training.report.assemble import write_report

    log_to_stderr()
    opened = Bundle.open(bundle or SHIPPED) if bundle or not config else None
    write(str(write_report(out, opened, read_config(config) if config else None, words, survey)))
