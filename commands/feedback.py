"""`tag2vec feedback`: which suggestions people kept, added and dropped."""

import json
from pathlib import Path
from typing import Annotated

import typer

feedback = typer.Typer(no_args_is_help=True, help="Export feedback on suggestions.")


@feedback.callback()
def _() -> None:
    """Keep `export` a subcommand although it is the only one."""


@feedback.command()
def export(
    file: Annotated[Path, typer.Argument(metavar="FILE", help="The file to write, one JSON object per line.")],
    database: Annotated[
        Path, typer.Option(metavar="DATABASE", envvar="TAG2VEC_FEEDBACK", help="The service's feedback database.")
    ],
) -> None:
    """Write the service's stored feedback to FILE, so that training can fit scores to it."""
    from models.atomic_write import atomic_write
    from models.errors import Tag2VecError
    from service.feedback import Feedback

    if not database.is_file():
        raise Tag2VecError(f"{database} does not exist; set TAG2VEC_FEEDBACK or --database to the service's database")
    with atomic_write(file) as partial, partial.open("w", encoding="utf-8") as written:
        for entry in Feedback(database).entries():
            written.write(json.dumps(entry, ensure_ascii=False) + "\n")
