import multiprocessing
from collections.abc import Callable
from functools import partial
from pathlib import Path

import pytest

import training.stage
from training.stage import Stage, StageError, Work


def write(out: Path, *, text: str, made: list[str]) -> None:
    """Build a stage, and note that it was built."""
    made.append(text)
    (out / "text").write_text(text)


@pytest.fixture(autouse=True)
def versions(monkeypatch: pytest.MonkeyPatch) -> dict[Callable[..., None], str]:
    """Versions of the functions here, which are in none of our packages; a test may change them."""
    known: dict[Callable[..., None], str] = {}
    monkeypatch.setattr(training.stage, "code_version", lambda function: known.get(function, "1"))
    return known


def test_finished_work_is_skipped(tmp_path: Path) -> None:
    made: list[str] = []
    for _ in range(2):
        Work(tmp_path).run(Stage(name="a", build=partial(write, text="a", made=made)))
    assert made == ["a"]
    assert (tmp_path / "a" / "text").read_text() == "a"


@pytest.mark.parametrize(
    "change", ["settings", "file", "missing file", "code", "output gone", "output cut", "stamp broken"]
)
def test_stale_work_is_redone(tmp_path: Path, change: str, versions: dict[Callable[..., None], str]) -> None:
    made: list[str] = []
    source = tmp_path / "source"
    source.write_text("1")
    work = Work(tmp_path / "work")
    work.folder.mkdir()

    def stage(settings: int = 1) -> Stage:
        build = partial(write, text="whole", made=made)
        return Stage(name="a", build=build, settings={"s": settings}, files=(source,))

    work.run(stage())
    again = stage()
    if change == "settings":
        again = stage(settings=2)
    elif change == "file":
        source.write_text("2, and longer")
    elif change == "missing file":
        source.unlink()
    elif change == "code":
        versions[write] = "2"
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
    stage = Stage(name="a", build=partial(write, text="a", made=made), files=(source,))
    Work(tmp_path).run(stage)
    source.write_text("1")
    Work(tmp_path).run(stage)
    assert made == ["a"]


def test_later_stages_follow_the_content_of_earlier_ones(tmp_path: Path) -> None:
    made: list[str] = []
    work = Work(tmp_path)

    def stages(text: str, setting: int) -> tuple[Stage, Stage]:
        first = Stage(name="first", build=partial(write, text=text, made=made), settings={"setting": setting})
        return first, Stage(name="second", build=partial(write, text="second", made=made), after=(first,))

    for stage in (*stages("a", 1), *stages("a", 2), *stages("b", 3)):
        work.run(stage)
    assert made == ["a", "second", "a", "b", "second"]  # the same output again: nothing to be redone


def test_an_earlier_stage_must_be_up_to_date(tmp_path: Path) -> None:
    made: list[str] = []
    work = Work(tmp_path)
    build = partial(write, text="a", made=made)
    first = Stage(name="first", build=build)
    second = Stage(name="second", build=build, after=(first,))
    with pytest.raises(StageError, match="'first' is not finished"):
        work.run(second)
    work.run(first)
    work.run(second)
    stale = Stage(name="first", build=build, settings={"new": 1})
    with pytest.raises(StageError, match="'first'"):
        work.run(Stage(name="second", build=build, after=(stale,)))


def fail(out: Path) -> None:
    (out / "text").write_text("half")
    (out / "leftover").write_text("half")
    raise RuntimeError("in the middle")


def test_a_failed_build_leaves_the_old_output(tmp_path: Path) -> None:
    made: list[str] = []
    work = Work(tmp_path)
    work.run(Stage(name="a", build=partial(write, text="old", made=made)))
    with pytest.raises(RuntimeError):
        work.run(Stage(name="a", build=partial(fail), settings={"new": 1}))
    assert (work / "a" / "text").read_text() == "old"
    work.run(Stage(name="a", build=partial(write, text="new", made=made), settings={"new": 1}))
    assert sorted(path.name for path in (work / "a").iterdir()) == ["text"]
    assert (work / "a" / "text").read_text() == "new"


def test_what_a_killed_build_left_is_removed(tmp_path: Path) -> None:
    (leftover := tmp_path / ".a.1.partial").mkdir()
    (other := tmp_path / ".ab.1.partial").mkdir()
    Work(tmp_path).run(Stage(name="a", build=partial(write, text="a", made=[])))
    assert not leftover.exists()
    assert other.exists()


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
        assert "another training is using" in another()
    assert another() == "locked"
