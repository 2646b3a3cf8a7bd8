"""`tag2vec keys`: API keys of the service."""

import re
import sys
from pathlib import Path
from typing import Annotated

import typer

from commands.output import write

keys = typer.Typer(no_args_is_help=True, help="Manage the API keys of the service.")


@keys.callback()
def _() -> None:
    """Keep `add` a subcommand although it is the only one."""


@keys.command()
def add(
    name: Annotated[str, typer.Argument(metavar="NAME", help="Who or what the key is for; letters, digits, . _ -")],
    file: Annotated[
        Path | None, typer.Option(metavar="FILE", help="Append the line to this key file instead of printing it.")
    ] = None,
) -> None:
    """Make a key: its line for the key file goes to stdout, or into FILE; the key itself is shown once, on stderr.

    The service reads the key file, which TAG2VEC_KEYS_FILE names, when it starts and on SIGHUP.
    """
    from service.keys import NAME, add_key, new_key

    if re.fullmatch(NAME, name) is None:
        raise typer.BadParameter("use 1 to 64 letters, digits, dots, underscores and hyphens", param_hint="NAME")
    if file is None:
        key, line = new_key(name)
        write(line.rstrip())
    else:
        key = add_key(name, file)
    print(f"key: {key}", file=sys.stderr)
