"""Which changes make a stage stale."""

from functools import cache
from pathlib import Path

import pytest

from training.code_version import Sources, code_version
from training.config import Config
from training.descriptors import describe, file_name
from training.run import stages
from training.stage import Work

ROOT = Path(__file__).parents[2]


def version(name: str = "build", module: str = "training.stage_a", **changes: str) -> str:
    """Return the version of a function of a small package, some of whose modules have other sources."""
    sources = {
        "training": "",
        "training.stage_a": (
            '"""A stage."""\n'
            "from typing import TYPE_CHECKING\n"
            "from training.tools import add, unused\n"
            "if TYPE_CHECKING:\n    from training.types import Shape\n"
            'def build(x: int) -> "Shape":\n    """Build."""\n'
            "    from training import late\n    return add(x) + late.ONE\n"
            "def other():\n    return 5\n"
        ),
        "training.tools": "LIMIT = 3\ndef add(x):\n    return x + LIMIT\ndef unused():\n    return 4\n",
        "training.late": "ONE = 1\n",
        "training.types": "Shape = int\n",
    }
    changed = {key.replace("__", "."): source for key, source in changes.items()}
    assert changed.keys() <= sources.keys()
    return Sources(sources | changed).version(module, name)


TOOLS = "LIMIT = 3\ndef add(x):\n    return x + LIMIT\ndef unused():\n    return 4\n"


@pytest.mark.slow
@pytest.mark.parametrize(
    "changes",
    [
        {"training__tools": TOOLS.replace("LIMIT = 3", "LIMIT = 4")},
        {"training__tools": TOOLS.replace("return x + LIMIT", "return x - LIMIT")},
        {"training__tools": TOOLS + "print('a statement that binds nothing')\n"},
        {"training__tools": TOOLS + "@register\ndef decorated():\n    pass\n"},
        {"training__late": "ONE = 2\n"},
        {"training": "import os\nos.environ['X'] = '1'\n"},
    ],
)
def test_a_change_to_what_is_used_counts(changes: dict[str, str]) -> None:
    assert version(**changes) != version()


@pytest.mark.slow
@pytest.mark.parametrize(
    "changes",
    [
        {"training__tools": TOOLS.replace("return 4", "return 5")},
        {"training__tools": "# A comment.\n" + TOOLS.replace("def add(x):", "def add(x: int) -> int:\n    'Doc.'\n")},
        {"training__tools": TOOLS.replace("x + LIMIT", "(x\n        + LIMIT)")},
        {"training__types": "Shape = float\n"},
        {"training": '"""A package."""\n'},
    ],
)
def test_other_changes_do_not_count(changes: dict[str, str]) -> None:
    assert version(**changes) == version()


@pytest.mark.slow
def test_an_unknown_function_is_an_error() -> None:
    with pytest.raises(LookupError, match=r"training\.stage_a does not define nothing"):
        version("nothing")


@cache
def sources() -> dict[str, str]:
    files = [file for package in ("models", "training") for file in (ROOT / package).rglob("*.py")]
    named = {file.relative_to(ROOT).with_suffix("").as_posix().replace("/", "."): file for file in files}
    return {name.removesuffix(".__init__"): file.read_text(encoding="utf-8") for name, file in named.items()}


def stale_after(config: Config, module: str, old: str, new: str) -> set[str]:
    """Return the stages that become stale when a piece of a module's source is replaced."""
    text = sources()[module]
    assert text.count(old) == 1
    before, after = Sources(sources()), Sources(sources() | {module: text.replace(old, new)})
    builds = {stage.name: stage.build.func for stage in stages(config, Work(config.work))}
    return {
        name
        for name, build in builds.items()
        if before.version(build.__module__, build.__qualname__) != after.version(build.__module__, build.__qualname__)
    }


@pytest.mark.slow
def test_stages_depend_on_what_they_use(trained: Config) -> None:
    index = stale_after(trained, "models.tags.index", "EXACT_UP_TO = 200_000", "EXACT_UP_TO = 100_000")
    assert {"tag2vec", "post_splits", "evaluation", "bundle"} <= index
    assert not {"corpus", "features", "vocabulary"} & index
    decoding = stale_after(trained, "models.video.work", "_MOST_THREADS: Final = 4", "_MOST_THREADS: Final = 5")
    assert "features" in decoding
    assert not {"corpus", "tag2vec"} & decoding
    network = stale_after(trained, "models.appearance", "_FATAL = 4", "_FATAL = 3")
    assert network == {"appearance", "open_world", "bundle"}
    fusion = stale_after(trained, "models.fusion", "WEIGHT = 2.0", "WEIGHT = 1.0")
    assert {"embedding", "out_of_fold", "out_of_distribution", "evaluation"} <= fusion
    assert not {"features", "appearance", "vocabulary", "tag2vec"} & fusion
    assert stale_after(trained, "training.trends", "WINDOWS, DAYS = 12, 7", "WINDOWS, DAYS = 8, 7") == {"trends"}


@pytest.mark.slow
def test_descriptors_depend_on_little_else_than_models(trained: Config) -> None:
    for module, old, new in (
        ("models.errors", "class NoDates(Tag2VecError):", "class NoDates(ValueError):"),
        ("models.video.pictures", "_LONGEST: Final = 8", "_LONGEST: Final = 9"),
        ("training.progress", "SECONDS = 15.0", "SECONDS = 16.0"),
        ("training.features", "TIMEOUT = 900.0", "TIMEOUT = 901.0"),
        ("training.stage", 'log.info("%s: started"', 'log.info("%s: begun"'),
    ):
        changed = Sources(sources() | {module: sources()[module].replace(old, new)})
        assert changed.version("training.descriptors", "describe") == Sources(sources()).version(
            "training.descriptors", "describe"
        )
        assert sources()[module].count(old) == 1


@pytest.mark.slow
def test_an_edit_after_the_start_does_not_count(tmp_path: Path) -> None:
    (tmp_path / "models").mkdir()
    (tmp_path / "training").mkdir()
    (file := tmp_path / "training" / "stage.py").write_text("def build():\n    return 1\n")
    started = Sources.read(tmp_path)
    file.write_text("def build():\n    return 2\n")
    again = Sources.read(tmp_path)
    assert started.version("training.stage", "build") != again.version("training.stage", "build")


@pytest.mark.slow
def test_functions_are_found_by_module_and_name() -> None:
    assert code_version(describe) == code_version(describe) != code_version(file_name)
    with pytest.raises(LookupError):
        code_version(version)
