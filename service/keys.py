"""Keys that clients show: named, kept as hashes, compared in constant time.

The key file has a line `name sha256-of-the-key` for each key; `python -m service.keys NAME` makes one.
"""

import hashlib
import hmac
import re
import secrets
import sys
from pathlib import Path

from models.errors import Tag2VecError

_LINE = re.compile(r"([\w.-]{1,64})\s+([0-9a-f]{64})")


class KeyFileError(Tag2VecError):
    """The key file cannot be used."""


class Keys:
    """The keys of a key file, read again on `reload`."""

    def __init__(self, file: Path) -> None:
        self._file = file
        self._digests = _read(file)

    def reload(self) -> None:
        """Read the file again; raises `KeyFileError` and keeps the old keys if it is broken."""
        self._digests = _read(self._file)

    def name(self, key: str) -> str | None:
        """Return the name of a key, or None; every key is compared, so that time tells nothing."""
        digest = hashlib.sha256(key.encode()).digest()
        found = None
        for name, known in self._digests.items():
            if hmac.compare_digest(digest, known):
                found = name
        return found


def _read(file: Path) -> dict[str, bytes]:
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
            raise KeyFileError(f"{file}, line {number}: write a new name and the key's SHA-256 in hexadecimal")
        digests[match[1]] = bytes.fromhex(match[2])
    if not digests:
        raise KeyFileError(f"the key file {file} holds no key; python -m service.keys NAME makes one")
    return digests


if __name__ == "__main__":
    new = secrets.token_urlsafe(32)
    print(f"key: {new}", file=sys.stderr)
    print(f"{sys.argv[1] if len(sys.argv) > 1 else 'key'} {hashlib.sha256(new.encode()).hexdigest()}")
