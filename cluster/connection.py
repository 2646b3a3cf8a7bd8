"""Connects this process to a Ray cluster, and turns Ray's errors into ours."""

import logging
import os
import socket
import sys
from collections.abc import Iterator
from contextlib import contextmanager, redirect_stdout
from typing import Final

import ray

from models.errors import Tag2VecError

_SECONDS_TO_CONNECT: Final = 5.0


class RayError(Tag2VecError):
    """The cluster cannot be used, or one of its machines cannot take part."""


@contextmanager
def connected(address: str) -> Iterator[None]:
    """Be connected to a cluster until the block ends.

    Parameters
    ----------
    address : str
        The cluster's, as for `ray.init`: HOST:PORT, or `auto` for the one that this machine belongs to.

    Raises
    ------
    RayError
        If there is no such cluster, or the work in the block fails as a whole.
    """
    os.environ.setdefault("RAY_USAGE_STATS_ENABLED", "0")
    try:
        _require_listener(address)
        connection = ray.init(address=address, log_to_driver=False, logging_level=logging.WARNING)
    except (OSError, ValueError) as error:
        raise RayError(f"there is no Ray cluster at {address}: {_reason(error)}") from None
    # Ray reports lost machines on stderr.
    with redirect_stdout(sys.stderr), connection:
        try:
            yield
        except ray.exceptions.RayError as error:
            raise RayError(f"the cluster failed: {_reason(error)}") from error


def _require_listener(address: str) -> None:
    """Raise OSError if nothing accepts connections at HOST:PORT, which Ray would try for minutes."""
    host, _, port = address.rpartition(":")
    if host and port.isdecimal() and "/" not in host:
        socket.create_connection((host.strip("[]"), int(port)), _SECONDS_TO_CONNECT).close()


def _reason(error: Exception) -> str:
    cause = getattr(error, "cause", None)
    if isinstance(cause, Tag2VecError):
        return str(cause)
    if isinstance(error, OSError) and error.strerror:
        return error.strerror
    lines = [line for line in str(error).splitlines() if line.strip()]
    return lines[-1] if lines else type(error).__name__
