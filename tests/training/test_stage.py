import multiprocessing
import types
from collections.abc import Callable
from pathlib import Path

import pytest

from training.stage import Stage, StageError, Work, code_version


def writing(text: str, made: list[str]) -> Callable[[Path], None]:
    def build(out: Path) -> None:
        made.append(text)
        (out / "text").write_text(text)

    return build


def module(tmp_path: Path, name: str, source: str) -> types.ModuleType:
    path = tmp_path / f"{name}.py"
    path.write_text(source)
    made = types.ModuleType(name)
    made.__file__ = str(path)
    return made


def test_finished_work_is_skipped(tmp_path: Path) -> None:
    made: list[str] = []
    for _ in range(2):
        Work(tmp_path).run(Stage(name="a", build=writing("a", made), code=()))
    assert made == ["a"]
    assert (tmp_path / "a" / "text").read_text() == "a"


@pytest.mark.parametrize(
    "change", ["settings", "file", "missing file", "code", "output gone", "output cut", "stamp broken"]
)
def test_stale_work_is_redone(tmp_path: Path, change: str) -> None:
    made: list[str] = []
    source = tmp_path / "source"
    source.write_text("1")
    work = Work(tmp_path / "work")
    work.folder.mkdir()

    def stage(settings: int = 1, code: str = "x = 1") -> Stage:
        return Stage(
            name="a",
            build=writing("whole", made),
            code=(module(tmp_path, f"m{len(code)}", code),),
            settings={"s": settings},
            files=(source,),
        )

    work.run(stage())
    again = stage()
    if change == "settings":
        again = stage(settings=2)
    elif change == "file":
        source.write_text("2, and longer")
    elif change == "missing file":
        source.unlink()
    elif change == "code":
        again = stage(code="x = 1 + 1")
    elif change == "output gone":
        (work / "a" / "text").unlink()
    elif change == "output cut":
        (work / "a" / "text").write_text("wh")
    else:
        (work.folder / "a.json").write_text('{"key": ')
    work.run(again)
    assert len(made) == 2
    assert (work / "a" / "text").read_text() == "whole"
    work.run(again)
    assert len(made) == 2


def test_a_file_that_is_only_touched_changes_nothing(tmp_path: Path) -> None:
    made: list[str] = []
    (source := tmp_path / "source").write_text("1")
    stage = Stage(name="a", build=writing("a", made), code=(), files=(source,))
    Work(tmp_path).run(stage)
    source.write_text("1")
    Work(tmp_path).run(stage)
    assert made == ["a"]


def test_later_stages_follow_the_content_of_earlier_ones(tmp_path: Path) -> None:
    made: list[str] = []
    work = Work(tmp_path)

    def stages(text: str, setting: int) -> tuple[Stage, Stage]:
        first = Stage(name="first", build=writing(text, made), code=(), settings={"setting": setting})
        return first, Stage(name="second", build=writing("second", made), code=(), after=(first,))

    for stage in (*stages("a", 1), *stages("a", 2), *stages("b", 3)):
        work.run(stage)
    assert made == ["a", "second", "a", "b", "second"]  # the same output twice: nothing to be done again


def test_an_earlier_stage_must_be_up_to_date(tmp_path: Path) -> None:
    made: list[str] = []
    work = Work(tmp_path)
    first = Stage(name="first", build=writing("a", made), code=())
    second = Stage(name="second", build=writing("b", made), code=(), after=(first,))
    with pytest.raises(StageError, match="'first' is not finished"):
        work.run(second)
    work.run(first)
    work.run(second)
    stale = Stage(name="first", build=writing("a", made), code=(), settings={"new": 1})
    with pytest.raises(StageError, match="'first'"):
        work.run(Stage(name="second", build=writing("b", made), code=(), after=(stale,)))


def test_what_a_broken_build_leaves_is_never_taken_for_whole(tmp_path: Path) -> None:
    made: list[str] = []
    work = Work(tmp_path)
    work.run(Stage(name="a", build=writing("old", made), code=()))

    def breaks(out: Path) -> None:
        (out / "text").write_text("half")
        (out / "leftover").write_text("half")
        raise RuntimeError("in the middle")

    with pytest.raises(RuntimeError):
        work.run(Stage(name="a", build=breaks, code=(), settings={"new": 1}))
    assert (work / "a" / "text").read_text() == "old"
    work.run(Stage(name="a", build=writing("new", made), code=(), settings={"new": 1}))
    assert sorted(path.name for path in (work / "a").iterdir()) == ["text"]
    assert (work / "a" / "text").read_text() == "new"


def _try_to_lock(folder: Path, answer: "multiprocessing.SimpleQueue[str]") -> None:
    try:
        with Work(folder).locked():
            answer.put("locked")
    except StageError as error:
        answer.put(str(error))


def test_one_training_at_a_time(tmp_path: Path) -> None:
    context = multiprocessing.get_context("spawn")

    def another() -> str:
        answer = context.SimpleQueue()
        process = context.Process(target=_try_to_lock, args=(tmp_path, answer))
        process.start()
        process.join()
        return str(answer.get())

    with Work(tmp_path).locked():
        assert "another training is at work" in another()
    assert another() == "locked"


def test_code_version_knows_what_matters(tmp_path: Path) -> None:
    def version(number: int, source: str) -> str:
        return code_version(module(tmp_path, f"v{number}", source))

    plain = version(1, "def f(x):\n    return x + 1\n")
    assert plain == version(2, '"""Words."""\n\n\ndef f(x):  # more\n    """Words."""\n    return (x + 1)\n')
    assert plain != version(3, "def f(x):\n    return x + 2\n")
    assert plain != version(4, "def f(x):\n    return x + '1'\n")
