"""Everything that comes before serving: checks, the environment, logs, and the fork server."""

import ipaddress
import logging
import multiprocessing
import os
import tempfile
from typing import Final

from models.bundle import Bundle
from models.errors import Tag2VecError
from models.tags.deny_list import DenyList
from models.tags.kinds import TagKinds
from service import environment, logs, tracing
from service.address import require_free
from service.feedback import Feedback
from service.keys import Keys
from service.settings import Settings, unknown_variables

log = logging.getLogger(__name__)

_TMPDIR_CHARACTERS: Final = 71
"""The path of a socket may have 103 characters on macOS, 107 on Linux; the fork server's adds 32."""


class StartupError(Tag2VecError):
    """The service cannot be started like this."""


def run(settings: Settings) -> None:
    """Check what can be checked, then serve until told to stop; see `service.server.serve`.

    Raises
    ------
    StartupError
        If this system cannot run the service, if others could reach it and it was not told what to ask of them, or if
        the path of the folder for temporary files is too long.
    AddressError
        If the address cannot be listened on.
    Tag2VecError
        If the bundle, the deny list, the kinds of tags, the trends, the key file or the database of feedback cannot be
        used.
    """
    if "forkserver" not in multiprocessing.get_all_start_methods():
        raise StartupError("the service needs Linux or macOS: this system cannot fork processes. Use tag2vec suggest")
    if settings.keys_file is None and not settings.open and not _is_loopback(settings.host):
        raise StartupError(
            f"{settings.host} can be reached by others: set TAG2VEC_KEYS_FILE to a file of keys (tag2vec keys add), "
            "or pass --open (TAG2VEC_OPEN=1) to serve anybody"
        )
    if len(tempfile.gettempdir()) > _TMPDIR_CHARACTERS:
        raise StartupError(
            f"the path {tempfile.gettempdir()} is too long for sockets; set TMPDIR to one of at most "
            f"{_TMPDIR_CHARACTERS} characters"
        )
    require_free(settings.host, settings.port)
    bundle = Bundle.open(settings.bundle)
    if settings.trends_file is not None:
        bundle.trends(settings.trends_file)
    if settings.deny_file is not None:
        DenyList.read(settings.deny_file)
    if settings.kinds_file is not None:
        TagKinds.read(settings.kinds_file)
    if settings.keys_file is not None:
        Keys(settings.keys_file)
    if settings.feedback is not None:
        Feedback(settings.feedback)
    tracing.configure()  # before its variables, which may hold a secret, are forgotten
    unknown = list(unknown_variables(os.environ))
    environment.forget_secrets()
    logs.configure(settings.log_level)
    for sentence in unknown:
        log.warning(sentence)

    from service.workers import fork_server

    fork_server.start()  # It loads its libraries while this process imports those of the web.

    from service.server import serve

    serve(settings)


def _is_loopback(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"
