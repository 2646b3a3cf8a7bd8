import json
from pathlib import Path

from service.feedback import Feedback
from tests.commands.conftest import Run


def test_export(tmp_path: Path, run: Run) -> None:
    database, file = tmp_path / "feedback.sqlite", tmp_path / "feedback.jsonl"
    Feedback(database).keep("0" * 64, {"축구": "kept", "own": "added"}, {"축구": 0.5}, 0.75)
    assert run("feedback", "export", file, "--database", database).code == 0
    (line,) = file.read_text(encoding="utf-8").splitlines()
    entry = json.loads(line)
    assert {one["tag"]: (one["choice"], one["relevance"]) for one in entry["hashtags"]} == {
        "own": ("added", None),
        "축구": ("kept", 0.5),
    }
    missing = run("feedback", "export", file, "--database", tmp_path / "other.sqlite")
    assert missing.code == 3
    assert "other.sqlite does not exist" in missing.err
