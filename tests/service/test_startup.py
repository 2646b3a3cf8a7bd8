"""What the service does not start with."""

import json
import tempfile
from pathlib import Path

import pytest

from models.errors import Tag2VecError
from service.settings import Settings
from service.startup import StartupError, run
from tests.service.running import serve


@pytest.mark.parametrize("host", ["0.0.0.0", "::", "192.0.2.1", "tag2vec.example"])
def test_public_address_needs_keys_or_a_word(bundle: Path, host: str) -> None:
    with pytest.raises(StartupError, match=r"TAG2VEC_KEYS_FILE.*--open"):
        run(Settings(host=host, bundle=bundle))


def test_a_broken_deny_list_is_not_served_with(bundle: Path, tmp_path: Path) -> None:
    deny_file = tmp_path / "denied.txt"
    deny_file.write_text("fo*yo\n")
    with pytest.raises(Tag2VecError, match=r"denied\.txt, line 1"):
        run(Settings(port=0, bundle=bundle, deny_file=deny_file))


def test_broken_kinds_of_tags_are_not_served_with(bundle: Path, tmp_path: Path) -> None:
    kinds_file = tmp_path / "kinds.tsv"
    kinds_file.write_text("nike\tfirm\n")
    with pytest.raises(Tag2VecError, match=r"kinds\.tsv, line 1"):
        run(Settings(port=0, bundle=bundle, kinds_file=kinds_file))


def test_a_broken_key_file_is_not_served_with(bundle: Path, tmp_path: Path) -> None:
    keys_file = tmp_path / "keys"
    keys_file.write_text("alice\n")
    with pytest.raises(Tag2VecError, match="keys, line 1"):
        run(Settings(port=0, bundle=bundle, keys_file=keys_file))


def test_a_path_that_is_too_long_for_sockets(bundle: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tempfile, "tempdir", "/tmp/" + "x" * 80)
    with pytest.raises(StartupError, match="set TMPDIR"):
        run(Settings(bundle=bundle))


@pytest.mark.server
def test_a_name_that_is_no_setting_is_warned_of(bundle: Path, tmp_path: Path) -> None:
    with serve(tmp_path, bundle=bundle, workers=1, denyfile="/secret") as server:
        server.wait_until(lambda: "TAG2VEC_DENYFILE" in server.log.read_text())
        (line,) = (line for line in server.log.read_text().splitlines() if "TAG2VEC_" in line)
        assert json.loads(line)["level"] == "WARNING"
        assert "did you mean TAG2VEC_DENY_FILE?" in json.loads(line)["message"]
        assert "/secret" not in line
