"""`tag2vec train`: from clips and posts to a bundle."""

from pathlib import Path
from typing import Annotated

import typer

from commands.output import write

ConfigOption = Annotated[
    Path, typer.Option("--config", metavar="FILE", help="A TOML file such as training/default.toml.")
]


def train(
    config: ConfigOption,
    stage: Annotated[
        str | None,
        typer.Argument(
            metavar="[STAGE]",
            help="corpus, tag2vec, features, vocabulary, embedding, evaluation or bundle; all by default.",
        ),
    ] = None,
) -> None:
    """Train a bundle, or one stage of it; stages that are finished and up to date are not repeated.

    Prints the folder of what was made. It may be interrupted at any time and goes on from there.
    """
    from training.config import read_config
    from training.run import run

    log_to_stderr()
    write(str(run(read_config(config), stage)))


def log_to_stderr() -> None:
    """Show what the training logs."""
    import logging

    logging.basicConfig(format="%(asctime)s %(message)s", datefmt="%H:%M:%S")
    # Of the libraries, warnings only: gensim alone writes a line a second.
    logging.getLogger("training").setLevel(logging.INFO)
