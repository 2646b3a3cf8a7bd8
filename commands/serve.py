"""`tag2vec serve`: the HTTP service."""

from typing import Annotated, Any

import typer

from commands.exit_codes import ExitCode
from commands.output import complain


def serve(
    host: Annotated[
        str | None, typer.Option(metavar="ADDRESS", show_default="127.0.0.1", help="Address to listen on.")
    ] = None,
    port: Annotated[
        int | None, typer.Option(min=0, max=65535, show_default="8000", help="Port to listen on; 0: any free one.")
    ] = None,
    open: Annotated[  # noqa: A002 - the option's name
        bool, typer.Option("--open", help="Serve without keys on an address that others can reach.")
    ] = False,
) -> None:
    """Serve hashtags over HTTP until SIGTERM or Ctrl-C; all other settings are environment variables, TAG2VEC_*."""
    from service import environment

    environment.pin_threads()  # before NumPy is imported

    from pydantic import ValidationError

    from service.address import AddressError
    from service.invalid_input import describe
    from service.settings import Settings
    from service.startup import run

    given: dict[str, Any] = {name: value for name, value in {"host": host, "port": port}.items() if value is not None}
    if open:
        given["open"] = True
    try:
        settings = Settings(**given)
    except ValidationError as error:
        for wrong in error.errors():
            name, *places = wrong["loc"]  # of a list, the place in it
            where = f"TAG2VEC_{name}".upper() + "".join(f", item {int(place) + 1}" for place in places)
            complain(f"error: {where}: {describe(wrong)['what']}")
        raise typer.Exit(ExitCode.UNUSABLE) from None
    try:
        run(settings)
    except AddressError as error:
        complain(f"error: {error}")
        raise typer.Exit(ExitCode.FAILED) from None
