"""Exit codes, for scripts; docs/operations.md lists the same."""

from enum import IntEnum


class ExitCode(IntEnum):
    """Exit codes of `tag2vec`; typer adds 2 for wrong usage."""

    OK = 0
    FAILED = 1
    """A clip or tag failed, and the others were answered, or the address of the service is taken; stderr says why."""
    UNUSABLE = 3
    """Nothing could be done: the bundle, a config, an output file or an extra is missing or unusable."""
    INTERRUPTED = 130
    CLOSED_PIPE = 141
    """The reader of stdout is gone."""
