"""The command `tag2vec`: its subcommands, and how errors become exit codes."""

import sys
from collections.abc import Sequence
from typing import Final

import typer

from commands.evaluate import evaluate
from commands.exit_codes import ExitCode
from commands.keys import keys
from commands.neighbours import neighbours
from commands.output import complain
from commands.report import report
from commands.serve import serve
from commands.suggest import suggest
from commands.survey import survey
from commands.train import train
from commands.trajectories import trajectories
from models.errors import Tag2VecError

app = typer.Typer(
    help="Hashtags for short video clips.",
    epilog="Exit codes: 0 done, 1 a clip or tag could not be answered, 2 wrong usage, "
    "3 the bundle, a config, an output file or an extra is unusable, 130 interrupted, 141 stdout was closed.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)
for command in (suggest, neighbours, serve, trajectories, train, evaluate, survey, report):
    app.command()(command)
app.add_typer(keys, name="keys")

EXTRAS: Final = {
    "service": {
        "fastapi",
        "fastapi_offline",
        "pebble",
        "prometheus_client",
        "pydantic_settings",
        "starlette",
        "uvicorn",
    },
    "tracing": {"opentelemetry.exporter", "opentelemetry.sdk"},
    "training": {"gensim", "matplotlib", "sklearn"},
    "survey": {"krippendorff"},
    "report": {"jinja2", "openTSNE", "wordcloud"},
}
"""Modules that only an extra brings."""


def main(arguments: Sequence[str] | None = None) -> None:
    """Run the command line and exit; `arguments` are those of the process by default."""
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
