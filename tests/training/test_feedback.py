import json
import logging
import re
from pathlib import Path

import numpy as np
import pytest

from models.errors import Tag2VecError
from service.feedback import Choice, Feedback
from tests.training.test_calibration import TRUE
from training.feedback import fitted_to, read_feedback


def export(file: Path, count: int, seed: int = 0) -> Path:
    """Feedback on answers of ten, kept as often as `TRUE` says, beside hashtags that people added."""
    rng = np.random.default_rng(seed)
    with file.open("w") as written:
        for _ in range(count // 10):
            relevance, any_right = rng.uniform(0.02, 0.98, 10), float(rng.uniform(0.02, 0.98))
            hashtags: list[dict[str, object]] = [
                {
                    "tag": f"tag{number}",
                    "choice": "kept" if rng.uniform() < TRUE.score(one, any_right) else "dropped",
                    "relevance": one,
                    "any_right": any_right,
                }
                for number, one in enumerate(relevance.tolist())
            ]
            hashtags.append({"tag": "own", "choice": "added", "relevance": None, "any_right": None})
            written.write(json.dumps({"day": "2026-11-28", "model": "0" * 64, "hashtags": hashtags}) + "\n")
    return file


def test_the_score_is_what_people_keep(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    wrong = TRUE.model_copy(update={"score_intercept": 2.0, "score_relevance": 0.1, "score_any": 0.0})
    with caplog.at_level(logging.INFO):
        found = fitted_to(read_feedback(export(tmp_path / "feedback.jsonl", 20_000)), wrong)
    for name in ("score_intercept", "score_relevance", "score_any"):
        assert getattr(found, name) == pytest.approx(getattr(TRUE, name), abs=0.1)
    assert found.model_copy(update={name: getattr(TRUE, name) for name in TRUE.model_fields_set}) == TRUE
    before, after = map(float, re.findall(r"0\.\d+", caplog.messages[-1]))
    assert after < before


@pytest.mark.parametrize("content", ["", "{}", "no JSON", '{"day": 1}'])
def test_what_cannot_be_used(tmp_path: Path, content: str) -> None:
    file = tmp_path / "feedback.jsonl"
    file.write_text(content)
    with pytest.raises(Tag2VecError, match=r"feedback\.jsonl: "):
        read_feedback(file)
    with pytest.raises(Tag2VecError, match=r"feedback on 900 suggestions, \d+ of them kept, is too little"):
        read_feedback(export(file, 900))


def test_what_the_service_stores_is_what_training_reads(tmp_path: Path) -> None:
    database = Feedback(tmp_path / "feedback.sqlite")
    rng = np.random.default_rng(0)
    relevance = {f"tag{number}": float(rng.uniform()) for number in range(10)}
    for _ in range(110):
        choices: dict[str, Choice] = {
            tag: "kept" if rng.uniform() < one else "dropped" for tag, one in relevance.items()
        }
        database.keep("0" * 64, {**choices, "own": "added"}, relevance, 0.5)
    file = tmp_path / "feedback.jsonl"
    file.write_text("".join(f"{json.dumps(entry)}\n" for entry in database.entries()))
    found = read_feedback(file)
    assert len(found.kept) == 1100
    assert set(found.any_right.tolist()) == {0.5}
    assert sorted(set(found.relevance.tolist())) == sorted(relevance.values())
