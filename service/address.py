"""The address that the service listens on, checked before anything else is started."""

import socket
import sys

from models.errors import Tag2VecError


class AddressError(Tag2VecError):
    """The address cannot be listened on: another program does, or this machine does not have it."""


def require_free(host: str, port: int) -> None:
    """Check that an address can be listened on, as asyncio will.

    Raises
    ------
    AddressError
    """
    try:
        found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE)
        for family, kind, protocol, _, address in found:
            with socket.socket(family, kind, protocol) as probe:
                if sys.platform != "win32":
                    probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
                if family == socket.AF_INET6:
                    probe.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 1)
                probe.bind(address)
    except OSError as error:
        raise AddressError(
            f"cannot listen on {host} port {port}: {error.strerror or error}. Choose another --port "
            "(TAG2VEC_PORT; 0: any free one) or --host (TAG2VEC_HOST), or stop what listens there"
        ) from error
