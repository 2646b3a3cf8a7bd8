"""The key file."""

import hmac
from pathlib import Path

import pytest

from service.keys import KeyFileError, Keys
from tests.service.conftest import key_line


@pytest.mark.parametrize("content", ["", "# none\n", "a\n", "a b\n", key_line("a", "1") + key_line("a", "2"), "\0\xff"])
def test_key_file_that_is_of_no_use(tmp_path: Path, content: str) -> None:
    file = tmp_path / "keys"
    file.write_text(content, encoding="latin-1")
    with pytest.raises(KeyFileError, match=str(file)):
        Keys(file)


def test_broken_key_file_keeps_the_old_keys(tmp_path: Path) -> None:
    file = tmp_path / "keys"
    file.write_text("# ours\n\n" + key_line("alice", "one") + key_line("bob", "two"))
    keys = Keys(file)
    assert [keys.name(key) for key in ("one", "two", "three", "")] == ["alice", "bob", None, None]
    file.unlink()
    with pytest.raises(KeyFileError):
        keys.reload()
    assert keys.name("one") == "alice"


def test_every_key_is_compared_in_constant_time(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """How long a refusal takes says nothing: `tests.stress.keys` measures it."""
    (tmp_path / "keys").write_text("".join(key_line(name, name) for name in "abc"))
    keys = Keys(tmp_path / "keys")
    compared = []

    def compare(one: bytes, other: bytes) -> bool:
        compared.append(other)
        return one == other

    monkeypatch.setattr(hmac, "compare_digest", compare)
    assert [keys.name(key) for key in "abcd"] == ["a", "b", "c", None]
    assert len(compared) == 4 * 3
    assert len(set(compared)) == 3
