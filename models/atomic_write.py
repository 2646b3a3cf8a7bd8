"""Files and folders that appear whole or not at all, whatever happens while they are written."""

import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path


@contextmanager
def atomic_write(path: Path) -> Iterator[Path]:
    """Yield another path beside `path` to write a file or a folder to; it takes its place when the block is left.

    If the block raises, what was written is removed and `path` is as it was. Processes may write the same path at the
    same time: the last one wins. The name keeps its suffixes, by which some writers choose a format. A killed process
    leaves a hidden name that ends in `.partial` before its suffixes; a folder replaces only an empty one.

    Parameters
    ----------
    path : Path
        In a folder that exists.
    """
    name, dot, suffixes = path.name.partition(".")
    partial = path.with_name(f".{name}.{os.getpid()}.partial{dot}{suffixes}")
    _remove(partial)
    try:
        yield partial
        partial.replace(path)
    except BaseException:
        _remove(partial)
        raise


def _remove(path: Path) -> None:
    if path.is_dir():
        shutil.rmtree(path)
    else:
        path.unlink(missing_ok=True)
