"""Atomic writes: files and folders appear complete or not at all."""

import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path


@contextmanager
def atomic_write(path: Path) -> Iterator[Path]:
    """Yield a temporary path beside `path` for a file or folder; it is renamed to `path` when the block ends.

    If the block raises, the temporary is removed and `path` stays as it was. Several processes may write the same path
    at once: the last one wins. The temporary keeps the suffixes of `path`, from which some writers choose a format. A
    killed process leaves a hidden file or folder behind, named `.NAME.PID.partial` and the suffixes. A folder cannot
    replace an existing one that holds files (on Windows, any existing one).

    Parameters
    ----------
    path : Path
        Its parent folder must exist.

    Raises
    ------
    OSError
        If there is no such folder.
    """
    require_parent(path)
    name, dot, suffixes = path.name.partition(".")
    partial = path.with_name(f".{name}.{os.getpid()}.partial{dot}{suffixes}")
    _remove(partial)
    try:
        yield partial
        partial.replace(path)
    except BaseException:
        _remove(partial)
        raise


def require_parent(path: Path) -> None:
    """Raise an OSError that names the folder in which `path` is to be written, if there is no such folder.

    Writers that are libraries often say no more than that something does not exist.
    """
    parent = path.parent
    if not parent.exists():
        raise FileNotFoundError(f"{path} cannot be written: the folder {parent} does not exist; create it first")
    if not parent.is_dir():
        raise NotADirectoryError(f"{path} cannot be written: {parent} is not a folder")


def _remove(path: Path) -> None:
    if path.is_dir():
        shutil.rmtree(path)
    else:
        path.unlink(missing_ok=True)
