"""`tag2vec neighbours`: the hashtags nearest to a hashtag, or to a sum of hashtags."""

import re
import sys
from collections.abc import Container, Iterable
from typing import TYPE_CHECKING, Annotated

import typer

from commands.exit_codes import ExitCode
from commands.output import complain, write_json
from commands.suggest import BundleOption, DenyFileOption, JsonOption, KindsFileOption

if TYPE_CHECKING:
    from models.answers import Neighbours


def neighbours(
    tags: Annotated[
        list[str],
        typer.Argument(metavar="TAG [+ TAG] [- TAG]...", help="Hashtags, with or without #, to add and subtract."),
    ],
    k: Annotated[int, typer.Option("--k", "-k", min=1, max=50, help="Maximum number of neighbours.")] = 15,
    deny_file: DenyFileOption = None,
    kinds_file: KindsFileOption = None,
    as_json: JsonOption = False,
    bundle: BundleOption = None,
) -> None:
    """List the hashtags nearest to a hashtag, or to a sum of hashtags, in the space learnt from posts.

    Words separated by spaces are joined if that gives a known hashtag, and added otherwise. An unknown hashtag is
    replaced by the known ones that it is composed of, with a warning.
    """
    from models.answers import Neighbours
    from models.bundle import SHIPPED, Bundle
    from models.errors import UnknownTag
    from models.tags.neighbours import neighbours as find

    query = " ".join(tags)
    try:
        plus, minus = parse(query)
    except ValueError as error:
        raise typer.BadParameter(str(error)) from None
    opened = Bundle.open(bundle or SHIPPED)
    try:
        suggester = opened.suggester(deny_file, kinds_file)
        plus, minus = (apart(terms, suggester.space) for terms in (plus, minus))
        answer = Neighbours.of(find(suggester, plus, minus, k), opened)
    except (UnknownTag, ValueError) as error:
        complain(f"{query}: {'unknown_tag' if isinstance(error, UnknownTag) else 'invalid_request'}: {error}")
        raise typer.Exit(ExitCode.FAILED) from None
    if as_json or not sys.stdout.isatty():
        write_json(answer.model_dump())
    else:
        show(answer)


def show(answer: "Neighbours") -> None:
    """Print a table."""
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    table = Table("hashtag", "distance")
    for neighbour in answer.neighbours:
        table.add_row(Text(f"#{neighbour.tag}"), f"{neighbour.distance:.3f}")
    console = Console()
    console.print(table)
    for warning in answer.warnings:
        console.print(Text(f"warning: {warning}", style="yellow"))


def apart(terms: Iterable[str], known: Container[str]) -> list[str]:
    """Split terms such as ``skiing beach`` into tags, unless the term, such as ``breast stroke``, is known itself."""
    tags: list[str] = []
    for term in terms:
        words = term.split()
        tags += words if term not in known and all(word in known for word in words) else [term]
    return tags


def parse(query: str) -> tuple[list[str], list[str]]:
    """Split ``ski + beach - snow`` into the tags to add and those to subtract; an operator stands between spaces.

    ``breast stroke`` and ``t-shirt`` are therefore tags.

    Raises
    ------
    ValueError
        If an operator has no tag after it, or nothing is added.
    """
    terms = re.split(r"(?:^|\s+)([+-])(?=\s|$)", query.strip())
    terms = ["+", *terms] if terms[0].strip() else terms[1:]
    signed = [(sign, tag.strip()) for sign, tag in zip(terms[::2], terms[1::2], strict=True)]
    plus, minus = ([tag for sign, tag in signed if sign == wanted] for wanted in "+-")
    if not plus or not all(tag for _, tag in signed):
        raise ValueError(f"{query!r}: write a hashtag after every + and -, and at least one to add")
    return plus, minus
