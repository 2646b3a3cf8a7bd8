from pathlib import Path

import pytest

from models.atomic_write import atomic_write


def test_file_appears_when_complete(tmp_path: Path) -> None:
    path = tmp_path / "tracks.tsv.gz"
    with atomic_write(path) as partial:
        partial.write_text("new")
        assert not path.exists()
        assert partial.parent == tmp_path
        assert partial.suffixes[-2:] == [".tsv", ".gz"]
    assert path.read_text() == "new"
    assert list(tmp_path.iterdir()) == [path]


def test_folder_appears_when_complete(tmp_path: Path) -> None:
    with atomic_write(tmp_path / "bundle") as partial:
        partial.mkdir()
        (partial / "file").write_text("new")
    assert [path.relative_to(tmp_path).as_posix() for path in sorted(tmp_path.rglob("*"))] == ["bundle", "bundle/file"]


@pytest.mark.parametrize("name", ["nowhere/page.html", "file/page.html"])
def test_folder_that_is_none_is_named(tmp_path: Path, name: str) -> None:
    (tmp_path / "file").write_text("")
    path = tmp_path / name
    with pytest.raises(OSError, match=str(path.parent)), atomic_write(path):
        pytest.fail("this would be written nowhere")


@pytest.mark.parametrize("error", [RuntimeError, KeyboardInterrupt])
def test_error_keeps_the_old_file(tmp_path: Path, error: type[BaseException]) -> None:
    path = tmp_path / "page.html"
    path.write_text("old")

    def break_off() -> None:
        with atomic_write(path) as partial:
            partial.write_text("half")
            raise error

    with pytest.raises(error):
        break_off()
    assert path.read_text() == "old"
    assert list(tmp_path.iterdir()) == [path]


def test_writing_nothing_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError), atomic_write(tmp_path / "nothing"):
        pass
