"""`tag2vec neighbours`: what lies near a hashtag, or near a sum of hashtags."""

import re
import sys
from dataclasses import asdict
from typing import Annotated

import typer

from commands.exit_codes import ExitCode
from commands.output import complain, write_json
from commands.suggest import BundleOption, DenyFileOption, JsonOption


def neighbours(
    tags: Annotated[
        list[str],
        typer.Argument(metavar="TAG [+ TAG] [- TAG]...", help="Hashtags, with or without #, added and taken away."),
    ],
    k: Annotated[int, typer.Option("--k", "-k", min=1, max=50, help="Most neighbours.")] = 15,
    deny_file: DenyFileOption = None,
    as_json: JsonOption = False,
    bundle: BundleOption = None,
) -> None:
    """List the hashtags nearest to a hashtag, or to a sum of hashtags, in the space learnt from posts.

    A hashtag that is not known is answered from the known ones that it is made of, with a warning.
    """
    from models.bundle import SHIPPED, Bundle
    from models.errors import UnknownTag
    from models.tags.neighbours import neighbours as near

    asked = " ".join(tags)
    try:
        plus, minus = parse(asked)
    except ValueError as error:
        raise typer.BadParameter(str(error)) from None
    suggester = Bundle.open(bundle or SHIPPED).suggester(deny_file)
    try:
        found = near(suggester, plus, minus, k)
    except (UnknownTag, ValueError) as error:
        complain(f"{asked}: {'unknown_tag' if isinstance(error, UnknownTag) else 'invalid_request'}: {error}")
        raise typer.Exit(ExitCode.FAILED) from None
    rows = [(tag, neighbour.distance) for tag, neighbour in zip(found.shown, found.neighbours, strict=True)]
    if as_json or not sys.stdout.isatty():
        listed = [{"tag": name, "distance": distance} for name, distance in rows]
        terms = {sign: [asdict(one) for one in getattr(found, sign)] for sign in ("plus", "minus")}
        write_json({"tag": asked, **terms, "neighbours": listed, "warnings": found.warnings})
        return

    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    table = Table("hashtag", "distance")
    for name, distance in rows:
        table.add_row(Text(f"#{name}"), f"{distance:.3f}")
    console = Console()
    console.print(table)
    for warning in found.warnings:
        console.print(Text(f"warning: {warning}", style="yellow"))


def parse(asked: str) -> tuple[list[str], list[str]]:
    """Split ``ski + beach - snow`` into what is added and what is taken away; raises ValueError where a tag is missing.

    An operator stands between spaces: ``breast stroke`` and ``t-shirt`` are tags.
    """
    terms = re.split(r"(?:^|\s+)([+-])(?=\s|$)", asked.strip())
    terms = ["+", *terms] if terms[0].strip() else terms[1:]
    signed = [(sign, tag.strip()) for sign, tag in zip(terms[::2], terms[1::2], strict=True)]
    if not signed or not all(tag for _, tag in signed):
        raise ValueError(f"{asked!r}: a hashtag must stand on both sides of + and -")
    return [tag for sign, tag in signed if sign == "+"], [tag for sign, tag in signed if sign == "-"]
