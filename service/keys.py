"""API keys: named, stored as hashes, compared in constant time.

The key file has one line `name sha256-of-the-key` for each key; `tag2vec keys add NAME` makes one.
"""

import hashlib
import hmac
import os
import re
import secrets
from pathlib import Path

from models.errors import Tag2VecError

NAME = r"[\w.-]{1,64}"
"""What a key may be called."""

_LINE = re.compile(rf"({NAME})\s+([0-9a-f]{{64}})")


class KeyFileError(Tag2VecError):
    """The key file cannot be used."""


class Keys:
    """The keys of a key file, read again on `reload`."""

    def __init__(self, file: Path) -> None:
        self._file = file
        self._digests = _read(file)

    def reload(self) -> None:
        """Read the file again; raises `KeyFileError` and keeps the old keys if it cannot be used."""
        self._digests = _read(self._file)

    def name(self, key: str) -> str | None:
        """Return the name of a key, or None; every key is compared, so the time taken reveals nothing."""
        digest = hashlib.sha256(key.encode()).digest()
        found = None
        for name, known in self._digests.items():
            if hmac.compare_digest(digest, known):
                found = name
        return found


def new_key(name: str) -> tuple[str, str]:
    """Make a key and return it with its line for the key file."""
    key = secrets.token_urlsafe(32)
    return key, f"{name} {hashlib.sha256(key.encode()).hexdigest()}\n"


def add_key(name: str, file: Path) -> str:
    """Make a key, append its line to the key file, which only its owner may read if it is new, and return the key.

    The line is appended in a single write: the file is whole at any time, keeps its owner and mode, stays the one that
    a container has mounted, and takes lines from several processes at once.

    Raises
    ------
    KeyFileError
        If the file cannot be used or has a key of this name.
    """
    if name in (_parse(file) if file.exists() else {}):
        raise KeyFileError(f"{file} already has a key called {name}; choose another name, or delete its line first")
    key, line = new_key(name)
    try:
        descriptor = os.open(file, os.O_RDWR | os.O_APPEND | os.O_CREAT, 0o600)
        with os.fdopen(descriptor, "r+b", buffering=0) as opened:
            before = opened.read()
            opened.write(b"\n" * bool(before and not before.endswith(b"\n")) + line.encode())
    except OSError as error:
        raise KeyFileError(f"the key file {file} cannot be written: {error.strerror}") from error
    return key


def _read(file: Path) -> dict[str, bytes]:
    digests = _parse(file)
    if not digests:
        raise KeyFileError(f"the key file {file} holds no key; make one with: tag2vec keys add NAME --file {file}")
    return digests


def _parse(file: Path) -> dict[str, bytes]:
    try:
        lines = file.read_text(encoding="utf-8").splitlines()
    except (OSError, UnicodeDecodeError) as error:
        raise KeyFileError(f"the key file {file} cannot be read: {error}") from error
    digests: dict[str, bytes] = {}
    for number, line in enumerate(lines, 1):
        text = line.partition("#")[0].strip()
        if not text:
            continue
        match = _LINE.fullmatch(text)
        if match is None or match[1] in digests:
            raise KeyFileError(f"{file}, line {number}: expected a new name and a key's SHA-256 in hexadecimal")
        digests[match[1]] = bytes.fromhex(match[2])
    return digests
