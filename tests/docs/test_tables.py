"""Every table that lists something of the code lists all of it, and nothing else."""

import re
import tomllib
from typing import Any

from pydantic_core import PydanticUndefined

from commands.exit_codes import ExitCode
from models.bundle import SHIPPED, Bundle
from models.sandbox.confinement import Measure
from models.tags.platforms import platforms
from service.metrics import Metrics
from service.problems import Code
from service.settings import Settings
from tests.docs.documents import ROOT, rows, text
from training.artifacts import STAGES

DOCS = ROOT / "docs"


def names(cell: str) -> list[str]:
    return re.findall(r"`([^`]+)`", cell)


def test_error_codes_with_their_statuses() -> None:
    shown = {names(code)[0]: int(status) for code, status, _ in rows(DOCS / "api.md", "Errors")}
    assert shown == {code.name: int(code.status) for code in Code}


def shown_default(value: Any) -> str:
    if value is None:
        return "none"
    if isinstance(value, bool):
        return f"`{str(value).lower()}`"
    return f"`{value:g}`" if isinstance(value, float) else f"`{value}`"


def test_settings_with_their_defaults() -> None:
    shown = rows(DOCS / "operations.md", "Settings")
    variables = [f"TAG2VEC_{name.upper()}" for name in Settings.model_fields]
    assert [names(variable)[0] for variable, _, _ in shown] == variables
    for (variable, default, description), field in zip(shown, Settings.model_fields.values(), strict=True):
        assert description == field.description, variable
        if field.default is not PydanticUndefined and variable != "`TAG2VEC_BUNDLE`":
            assert default == shown_default(field.default), variable


def test_platforms_with_their_rules() -> None:
    shown = [[names(name)[0], *rule] for name, *rule in rows(DOCS / "api.md", "Platforms")]
    rules = [[one.name, one.most_tags or "", one.longest_tag or "", one.allowed] for one in platforms().values()]
    assert shown == [list(map(str, rule)) for rule in rules]
    (parameter,) = (row for row in rows(DOCS / "api.md", "Hashtags for a clip") if row[0] == "`platform`")
    assert names(parameter[1]) == list(platforms())


def test_exit_codes() -> None:
    sentence = re.search(r"Exit codes of every `tag2vec` command:(.+?)\n\n", text(DOCS / "operations.md"), re.DOTALL)
    assert sentence is not None
    usage = 2  # typer's
    assert {int(code) for code in re.findall(r"\b\d+\b", sentence[1])} == {usage, *ExitCode}


def test_metrics() -> None:
    shown = {name.removesuffix("_total").removesuffix("_info") for cell, _ in
             [row for row in rows(DOCS / "operations.md", "Metrics and alerts") if row[0].startswith("`tag2vec_")]
             for name in names(cell)}  # fmt: skip
    ours = {family.name for family in Metrics().registry.collect() if family.name.startswith("tag2vec_")}
    assert shown == ours


def test_alerts() -> None:
    shown = [names(row[0])[0] for row in rows(DOCS / "operations.md", "Metrics and alerts") if "Tag2vec" in row[0]]
    assert shown == re.findall(r"- alert: (\w+)", text(ROOT / "deploy" / "alerts.yml"))


def test_measures_of_the_sandbox() -> None:
    shown = [names(row[0])[0] for row in rows(DOCS / "operations.md", "Other systems")]
    assert shown == [str(measure) for measure in Measure]


def test_stages_in_their_order() -> None:
    assert [names(stage)[0] for stage, _ in rows(DOCS / "training.md", "Stages")] == list(STAGES)


def test_versions_agree() -> None:
    version = tomllib.loads(text(ROOT / "pyproject.toml"))["project"]["version"]
    assert re.search(rf"^version: {re.escape(version)}$", text(ROOT / "CITATION.cff"), re.MULTILINE)
    released = re.findall(r"^## (\d+\.\d+\.\d+) - \d{4}-\d\d-\d\d$", text(ROOT / "CHANGELOG.md"), re.MULTILINE)
    assert released[0] == version


def test_figures_are_those_of_the_bundle() -> None:
    quality: Any = Bundle.open(SHIPPED).manifest.quality
    readme = re.sub(r"\s+", " ", text(ROOT / "README.md"))
    for figure, words in (
        (len(quality["hashtags"]), "**{} hashtags from clips**"),
        (100 * quality["nearest"]["over_clips"], "right for {} % of clips"),
        (100 * quality["nearest"]["over_classes"], "{} % as the mean over hashtags"),
        (100 * quality["top5"]["over_clips"], "among the nearest five for {} %"),
        (quality["co_use"]["end_to_end"]["relevant"], "**{} are hashtags that people use**"),
        (quality["open_world"]["clips"], "Of {} clips of anything"),
        (100 * quality["open_world"]["any_right"], "{} % have one of a person's hashtags"),
        (100 * quality["open_world"]["confident"], "{} % of those clips are answered with confidence"),
        (100 * quality["open_world"]["any_right_confident"], "{} % of these have one of the person's hashtags"),
    ):
        assert words.format(round(figure)) in readme
