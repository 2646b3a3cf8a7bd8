"""`tag2vec train`: from clips and posts to a bundle."""

from functools import partial
from pathlib import Path
from typing import Annotated

import typer

from commands.output import write
from training.artifacts import STAGES

ConfigOption = Annotated[
    Path, typer.Option("--config", metavar="FILE", help="A TOML file such as training/default.toml.")
]


def train(
    config: ConfigOption,
    stage: Annotated[
        str | None,
        typer.Argument(
            metavar="STAGE",
            help=f"One of {', '.join(STAGES)}; all by default.",
        ),
    ] = None,
    ray: Annotated[
        str | None,
        typer.Option(
            metavar="ADDRESS",
            help="Describe the clips (stage features) on this Ray cluster (HOST:PORT, or auto); all else runs here.",
        ),
    ] = None,
) -> None:
    """Train a bundle, or run one stage of the training; stages that are up to date are skipped.

    Prints the folder of the last stage. A training that was interrupted continues when the command is run again.
    """
    if stage is not None and stage not in STAGES:
        raise typer.BadParameter(f"{stage!r} is none of {', '.join(STAGES)}.", param_hint="STAGE")
    if ray is not None and stage is not None and stage != "features":
        raise typer.BadParameter(f"the stage {stage} always runs here: only features runs on Ray.", param_hint="--ray")

    from training.config import read_config
    from training.run import run

    log_to_stderr()
    settings, execute = read_config(config), None
    if ray is not None:
        from training import on_ray

        folders = [settings.data.clips.absolute(), settings.work.absolute()]
        execute = partial(on_ray.execute, address=ray, folders=folders)
    write(str(run(settings, stage, execute=execute)))


def log_to_stderr() -> None:
    """Show the log of the training."""
    import logging

    logging.basicConfig(format="%(asctime)s %(message)s", datefmt="%H:%M:%S")
    # Only warnings of libraries: gensim alone logs a line a second.
    logging.getLogger("training").setLevel(logging.INFO)
