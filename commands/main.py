"""The `tag2vec` command: its subcommands, and how errors become exit codes."""

import os
import sys
from collections.abc import Sequence
from importlib.metadata import version
from typing import Annotated, Final

import typer

from commands.batch import batch
from commands.evaluate import evaluate
from commands.exit_codes import ExitCode
from commands.feedback import feedback
from commands.keys import keys
from commands.neighbours import neighbours
from commands.output import complain, write
from commands.report import report
from commands.serve import serve
from commands.suggest import suggest
from commands.survey import survey
from commands.train import train
from commands.trajectories import trajectories
from commands.trends import trends
from models.errors import Tag2VecError

app = typer.Typer(
    help="Hashtags for short video clips.",
    epilog="Exit codes: 0 success, 1 a clip or tag failed or the address of serve is taken, 2 wrong usage, "
    "3 the bundle, a config, an output file or an extra is unusable, 130 interrupted, 141 stdout was closed.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)


def print_version(wanted: bool) -> None:
    """Print the version and exit, if that is wanted."""
    if wanted:
        write(f"tag2vec {version('tag2vec')}")
        raise typer.Exit


@app.callback()
def options(
    _: Annotated[
        bool, typer.Option("--version", callback=print_version, is_eager=True, help="Show the version.")
    ] = False,
) -> None:
    """Take the options that belong to no command."""


for command in (suggest, neighbours, serve, batch, trajectories, train, trends, evaluate, survey, report):
    app.command()(command)
app.add_typer(keys, name="keys")
app.add_typer(feedback, name="feedback")

EXTRAS: Final = {
    "service": {
        "fastapi",
        "fastapi_offline",
        "h11",
        "opentelemetry",
        "pebble",
        "prometheus_client",
        "pydantic_settings",
        "python_multipart",
        "starlette",
        "uvicorn",
    },
    "tracing": {"opentelemetry.exporter", "opentelemetry.sdk"},
    "training": {"filelock", "gensim", "openTSNE", "scipy", "sklearn", "torch", "wordfreq"},
    "survey": {"krippendorff"},
    "batch": {"pyarrow"},
    "scale": {"ray"},
    "report": {"jinja2", "matplotlib", "wordcloud"},
}
"""Modules that only an extra installs."""


def main(arguments: Sequence[str] | None = None) -> None:
    """Run the command line and exit; `arguments` are those of the process by default."""
    # Child processes must not import from the current directory, which may hold a folder called `models`.
    os.environ.setdefault("PYTHONSAFEPATH", "1")
    try:
        app(arguments, prog_name="tag2vec")
    except Tag2VecError as error:
        complain(f"error: {error}")
    except ModuleNotFoundError as error:
        extra = next((extra for extra, modules in EXTRAS.items() if error.name in modules), None)
        if extra is None:
            raise
        complain(f"error: {error.name} is not installed; pip install 'tag2vec[{extra}]'")
    except OSError as error:
        complain(f"error: {error}")
    sys.exit(ExitCode.UNUSABLE)


if __name__ == "__main__":
    main()
