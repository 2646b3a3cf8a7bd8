"""How the command ends, for scripts; the README lists the same."""

from enum import IntEnum


class ExitCode(IntEnum):
    """Exit codes of `tag2vec`. Usage errors end with 2, as typer has it."""

    OK = 0
    FAILED = 1
    """A clip or a tag could not be answered; every other clip was. One line on stderr says why."""
    UNUSABLE = 3
    """Nothing could be tried: the bundle, a config, a file to write or an extra is missing or unusable."""
    INTERRUPTED = 130
    CLOSED_PIPE = 141
    """Whoever read stdout stopped reading."""
