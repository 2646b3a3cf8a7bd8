"""`tag2vec feedback`: what people made of suggestions."""

import json
from pathlib import Path
from typing import Annotated

import typer

feedback = typer.Typer(no_args_is_help=True, help="Read what people made of suggestions.")


@feedback.callback()
def _() -> None:
    """Keep `export` a subcommand although it is the only one."""


@feedback.command()
def export(
    file: Annotated[Path, typer.Argument(metavar="FILE", help="Where to write it, one JSON object a line.")],
    database: Annotated[
        Path, typer.Option(metavar="DATABASE", envvar="TAG2VEC_FEEDBACK", help="The service's database of feedback.")
    ],
) -> None:
    """Write the feedback that the service has stored to FILE, for training to fit scores to."""
    from models.atomic_write import atomic_write
    from models.errors import Tag2VecError
    from service.feedback import Feedback

    if not database.is_file():
        raise Tag2VecError(f"{database} does not exist; TAG2VEC_FEEDBACK or --database names the service's database")
    with atomic_write(file) as partial, partial.open("w", encoding="utf-8") as written:
        for entry in Feedback(database).entries():
            written.write(json.dumps(entry, ensure_ascii=False) + "\n")
