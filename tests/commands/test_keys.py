"""`tag2vec keys`, run as users run it."""

import hashlib
import stat
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from service.keys import Keys
from tests.commands.conftest import Run


def test_a_key_and_its_line(run: Run, tmp_path: Path) -> None:
    made = run("keys", "add", "alice")
    assert made.code == 0
    name, digest = made.out.split()
    key = made.err.removeprefix("key: ").rstrip("\n")
    assert name == "alice"
    assert digest == hashlib.sha256(key.encode()).hexdigest()
    assert len(key) >= 32
    (tmp_path / "keys").write_text(made.out)
    assert Keys(tmp_path / "keys").name(key) == "alice"


def test_keys_are_appended_to_a_file_of_the_owner(run: Run, tmp_path: Path) -> None:
    file = tmp_path / "keys"
    made = [run("keys", "add", name, "--file", file) for name in ("alice", "bob")]
    assert [one.out for one in made] == ["", ""]
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    keys = Keys(file)
    assert [keys.name(one.err.removeprefix("key: ").rstrip("\n")) for one in made] == ["alice", "bob"]


def test_a_file_keeps_its_lines_its_mode_and_its_inode(run: Run, tmp_path: Path) -> None:
    """A container that has mounted the file would not see another one in its place."""
    file = tmp_path / "keys"
    file.write_text("# ours")
    file.chmod(0o640)
    before = file.stat()
    assert run("keys", "add", "alice", "--file", file).code == 0
    after = file.stat()
    assert (after.st_ino, after.st_mode) == (before.st_ino, before.st_mode)
    assert file.read_text().startswith("# ours\nalice ")


@pytest.mark.slow
def test_keys_added_at_the_same_time_are_all_kept(run: Run, tmp_path: Path) -> None:
    file = tmp_path / "keys"
    with ThreadPoolExecutor(4) as pool:
        command = [sys.executable, "-m", "commands.main", "keys", "add", "--file", str(file)]
        ended = pool.map(lambda n: subprocess.run([*command, f"key{n}"], check=False, capture_output=True), range(8))
        assert [one.returncode for one in ended] == [0] * 8
    assert sorted(line.split()[0] for line in file.read_text().splitlines()) == [f"key{n}" for n in range(8)]
    Keys(file)


def test_a_name_that_is_taken(run: Run, tmp_path: Path) -> None:
    file = tmp_path / "keys"
    run("keys", "add", "alice", "--file", file)
    before = file.read_text()
    again = run("keys", "add", "alice", "--file", file)
    assert again.code == 3
    assert "alice" in again.err
    assert "key: " not in again.err
    assert file.read_text() == before


@pytest.mark.parametrize("name", ["", "a b", "a#", "x" * 65, "a\n"])
def test_a_name_that_cannot_be_one(run: Run, name: str) -> None:
    assert run("keys", "add", name).code == 2


def test_a_file_that_cannot_be_written(run: Run, tmp_path: Path) -> None:
    ended = run("keys", "add", "alice", "--file", tmp_path / "none" / "keys")
    assert ended.code == 3
    assert "key: " not in ended.err


@pytest.mark.slow
def test_in_a_folder_with_folders_of_the_same_names(tmp_path: Path) -> None:
    for name in ("models", "service", "commands"):
        (tmp_path / name).mkdir()
        (tmp_path / name / "__init__.py").write_text("raise AssertionError('imported from the current directory')")
    command = [str(Path(sys.executable).with_name("tag2vec")), "keys", "add", "alice"]
    ended = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=True)
    assert ended.stdout.startswith("alice ")
