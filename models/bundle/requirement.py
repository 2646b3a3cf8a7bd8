"""Which versions of the package read a bundle: a bundle has a version of its own and names them."""

import re
from importlib.metadata import version as installed_version
from itertools import zip_longest
from pathlib import Path

from models.errors import BundleError

PATTERN = r"^tag2vec>=\d+(\.\d+)*,<\d+(\.\d+)*$"
"""A lower and an upper bound as pip writes them; no more is needed, and a parser of all of it would be a dependency."""


def verify_package(file: Path, requires: str) -> None:
    """Raise BundleError unless the installed package is one of those that a manifest names.

    Parameters
    ----------
    file : Path
        The manifest, for the message.
    requires : str
        Matches `PATTERN`.
    """
    installed = installed_version("tag2vec")
    least, below = (_numbers(bound) for bound in requires.removeprefix("tag2vec>=").split(",<"))
    if not (_at_least(_numbers(installed), least) and not _at_least(_numbers(installed), below)):
        raise BundleError(
            f"{file} needs {requires}, but tag2vec {installed} is installed. "
            "Install a version that fits, or use another bundle."
        )


def _numbers(version: str) -> list[int]:
    """Return the release part of a version: 1.2.0rc1 as [1, 2, 0]."""
    release = re.match(r"\d+(\.\d+)*", version)
    return [int(number) for number in release[0].split(".")] if release else []


def _at_least(version: list[int], bound: list[int]) -> bool:
    # 1.0 is no older than 1.0.0: what is missing counts as zero.
    pairs = list(zip_longest(version, bound, fillvalue=0))
    return [ours for ours, _ in pairs] >= [theirs for _, theirs in pairs]
