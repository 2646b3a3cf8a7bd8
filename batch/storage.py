"""Where clips come from and results go: folders and object stores, by path or URI."""

import os
import uuid
from collections.abc import Iterator
from functools import lru_cache
from pathlib import Path
from typing import Any, Final, Self
from urllib.parse import urlsplit

from pyarrow.fs import FileSelector, FileSystem, FileType, LocalFileSystem

from models.errors import Tag2VecError

PARTIAL: Final = ".partial"
"""Suffix of files that a killed process leaves behind; they are hidden, too."""

_RENAMING: Final = {"local", "hdfs"}
"""File systems where files are visible while being written; objects of a store appear only when complete."""


class StorageError(Tag2VecError):
    """The storage is of an unknown kind, or cannot be opened."""


@lru_cache(maxsize=64)
def _store(uri: str) -> tuple[FileSystem, str]:
    """Open a store once instead of once per file, which would cost requests."""
    try:
        filesystem, root = FileSystem.from_uri(uri)
    except ValueError as error:  # pyarrow's own errors are among these
        raise StorageError(
            f"{uri} cannot be opened: {error}. Name a folder, or a URI such as s3://bucket/prefix, gs://bucket/prefix "
            "or file:///folder."
        ) from None
    return filesystem, root.rstrip("/")


class Place:
    """A folder or file, local or in an object store.

    Parameters
    ----------
    name : str
        A path on this machine, or a URI as `pyarrow.fs.FileSystem.from_uri` takes it, options included.

    Raises
    ------
    StorageError
        If the kind of URI is unknown.
    """

    def __init__(self, name: str) -> None:
        if "://" not in name:
            self._before = self._after = self._root = ""
            self._filesystem: FileSystem = LocalFileSystem()
            self._path = str(Path(name).absolute())
            return
        # Object keys may contain `#`, which must not start a fragment.
        parts = urlsplit(name.replace("#", "%23"))
        self._before = f"{parts.scheme}://{parts.netloc}"
        self._after = f"?{parts.query}" if parts.query else ""
        self._filesystem, self._root = _store(f"{self._before}{'' if parts.netloc else '/'}{self._after}")
        self._path = f"/{parts.path.strip('/')}".rstrip("/").replace("%23", "#")

    def __str__(self) -> str:
        """Return its name, an absolute path or a URI, which other processes and machines can use."""
        return f"{self._before}{self._path}{self._after}"

    def __truediv__(self, relative: str) -> Self:
        """Return a path below it; an absolute path or URI is returned as it is."""
        if "://" in relative or relative.startswith("/"):
            return type(self)(relative)
        return self._at(f"{self._path}/{relative}")

    @property
    def parent(self) -> Self:
        """Return its parent folder."""
        return self._at(self._path.rpartition("/")[0])

    def contains(self, other: "Place") -> bool:
        """Return whether another place is this folder or below it; on this machine, wherever links lead."""
        if self._filesystem != other._filesystem:
            return False
        own, its = self._key, other._key
        if self._filesystem.type_name == "local":
            own, its = os.path.realpath(own), os.path.realpath(its)
        return f"{its.rstrip('/')}/".startswith(f"{own.rstrip('/')}/")

    def _at(self, path: str) -> Self:
        other = object.__new__(type(self))
        other.__dict__ |= self.__dict__ | {"_path": path}
        return other

    @property
    def _key(self) -> str:
        """Its path as the file system knows it."""
        return f"{self._root}{self._path}" or "/"

    def is_file(self) -> bool:
        """Return whether it is an existing file."""
        return bool(self._filesystem.get_file_info(self._key).is_file)

    def is_folder(self) -> bool:
        """Return whether it is an existing folder, or the prefix of any object."""
        return bool(self._filesystem.get_file_info(self._key).type == FileType.Directory)

    def files(self, *, recursive: bool = False) -> list[str]:
        """Return the paths of the files in it, relative to it and sorted; none if there is no such folder.

        On this machine, everything but folders counts, dangling links included.
        """
        if self._filesystem.type_name == "local":
            return sorted(_walk(self._key, recursive)) if self.is_folder() else []
        selector = FileSelector(self._key, allow_not_found=True, recursive=recursive)
        start = len(self._key.rstrip("/")) + 1
        return sorted(info.path[start:] for info in self._filesystem.get_file_info(selector) if info.is_file)

    def open(self) -> Any:
        """Open a file for random access."""
        return self._filesystem.open_input_file(self._key)

    def stream(self) -> Any:
        """Open a file for sequential reading; raises OSError if it cannot be opened or is not a regular file."""
        # Opening a named pipe would wait for ever.
        if self._filesystem.type_name == "local" and Path(self._key).exists() and not self.is_file():
            raise OSError(f"{self._key} is not a regular file.")
        return self._filesystem.open_input_stream(self._key, compression=None)

    def read(self) -> bytes:
        """Return the content of a file; raises OSError if it cannot be read."""
        with self.stream() as file:
            return bytes(file.read())

    def make_folder(self) -> None:
        """Make a folder and its parents; does nothing on object stores."""
        if self._filesystem.type_name in _RENAMING:
            self._filesystem.create_dir(self._key, recursive=True)

    def write(self, content: bytes) -> None:
        """Write a file atomically; its folder must exist. The last of several writers wins."""
        if self._filesystem.type_name not in _RENAMING:
            self._put(content)
            return
        partial = self.parent / f".{uuid.uuid4().hex}{PARTIAL}"
        partial._put(content)
        self._filesystem.move(partial._key, self._key)

    def _put(self, content: bytes) -> None:
        # A multipart upload becomes complete, and visible, when the stream is closed.
        with self._filesystem.open_output_stream(self._key, compression=None) as file:
            file.write(content)

    def remove(self) -> None:
        """Remove a file."""
        self._filesystem.delete_file(self._key)


def _walk(folder: str, recursive: bool) -> Iterator[str]:
    """Yield the paths of the files in a local folder: Arrow leaves out links to nothing, and fails at circular ones."""
    start = len(folder.rstrip("/")) + 1
    waiting = [(folder, frozenset({os.path.realpath(folder)}))]
    while waiting:
        parent, above = waiting.pop()
        with os.scandir(parent) as entries:
            for entry in entries:
                if not (entry.is_dir(follow_symlinks=False) or (entry.is_symlink() and Path(entry.path).is_dir())):
                    yield entry.path[start:]
                elif recursive and (real := os.path.realpath(entry.path)) not in above:
                    waiting.append((entry.path, above | {real}))
