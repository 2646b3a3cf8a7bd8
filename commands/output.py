"""What commands write: answers to stdout in UTF-8, everything else to stderr."""

import io
import json
import os
import sys
from typing import Any

import typer

from commands.exit_codes import ExitCode


def write(line: str) -> None:
    """Write one line to stdout at once; end quietly if its reader has gone (`| head`)."""
    if isinstance(sys.stdout, io.TextIOWrapper):  # JSON is UTF-8 whatever the locale, or the code page of Windows
        sys.stdout.reconfigure(encoding="utf-8")
    try:
        print(line, flush=True)
    except BrokenPipeError:
        # Python flushes stdout once more as it exits: give that somewhere to go.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        raise typer.Exit(ExitCode.CLOSED_PIPE) from None


def write_json(answer: dict[str, Any]) -> None:
    """Write one JSON object on one line of stdout."""
    write(json.dumps(answer, ensure_ascii=False))


def complain(message: str) -> None:
    """Write one line to stderr."""
    print(f"tag2vec: {message}", file=sys.stderr, flush=True)
