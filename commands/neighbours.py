"""`tag2vec neighbours`: what lies near a hashtag."""

import sys
from typing import Annotated

import typer

from commands.exit_codes import ExitCode
from commands.output import complain, write_json
from commands.suggest import BundleOption, JsonOption


def neighbours(
    tag: Annotated[str, typer.Argument(metavar="TAG", help="A hashtag, with or without its #.")],
    k: Annotated[int, typer.Option("--k", "-k", min=1, max=50, help="Most neighbours.")] = 15,
    as_json: JsonOption = False,
    bundle: BundleOption = None,
) -> None:
    """List the hashtags nearest to a hashtag, in the space learnt from posts."""
    from models.bundles import SHIPPED, Bundle
    from models.errors import UnknownTag

    space = Bundle.open(bundle or SHIPPED).tagspace()
    try:
        found = space.neighbours(tag, k)
    except UnknownTag as error:
        complain(f"{tag}: unknown_tag: {error}")
        raise typer.Exit(ExitCode.FAILED) from None
    rows = [(space.display(neighbour.stem), neighbour.distance) for neighbour in found]
    if as_json or not sys.stdout.isatty():
        listed = [{"tag": name, "distance": distance} for name, distance in rows]
        write_json({"tag": tag, "neighbours": listed})
        return

    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    table = Table("hashtag", "distance")
    for name, distance in rows:
        table.add_row(Text(f"#{name}"), f"{distance:.3f}")
    Console().print(table)
