"""Errors of parameters in plain words."""

from typing import Any, get_args

import pytest
from pydantic import BaseModel, ValidationError
from pydantic_core.core_schema import ErrorType

from service.api.schemas import CompleteQuery, FeedbackBody, NeighboursQuery, SuggestQuery
from service.invalid_input import WORDS, describe

FAMILIES = ("bool_", "extra_", "finite_", "float_", "greater_", "int_", "less_", "list_", "literal_", "string_", "too_")
KINDS = {kind for kind in get_args(ErrorType) if kind.startswith(FAMILIES)} - {"string_not_ascii"} | {"missing"}
CONTEXT = dict.fromkeys(("ge", "gt", "le", "lt", "min_length", "max_length", "actual_length"), 5)


def words(model: type[BaseModel], **given: Any) -> dict[str, str]:
    """What is said of each part."""
    with pytest.raises(ValidationError) as caught:
        model.model_validate(given)
    said = [describe(error, model.model_fields) for error in caught.value.errors()]
    return {one["where"]: one["what"] for one in said}


@pytest.mark.parametrize("kind", sorted(KINDS))
def test_every_kind_of_error_that_parameters_can_have_is_told_in_own_words(kind: str) -> None:
    assert kind in WORDS
    context = {**CONTEXT, "expected": "'a' or 'b'", "pattern": "^a$"}
    what = describe({"type": kind, "loc": ("query", "k"), "input": "x", "ctx": context})["what"]
    assert what.endswith(".")
    assert ". " in what
    assert not any(theirs in what for theirs in ("Input", "should", "valid integer", "{", "unable"))


@pytest.mark.parametrize(
    ("model", "given", "where", "what"),
    [
        (SuggestQuery, {"k": "abc"}, "k", "'abc' is not a whole number. Use one such as 5."),
        (SuggestQuery, {"k": "0"}, "k", "'0' is too small. Use 1 or more."),
        (SuggestQuery, {"k": "51"}, "k", "'51' is too large. Use 50 or less."),
        (SuggestQuery, {"start": "-1"}, "start", "'-1' is too small. Use 0 or more."),
        (SuggestQuery, {"min_score": "nan"}, "min_score", "'nan' is not a number. Use one such as 0.5."),
        (SuggestQuery, {"tracks": "some"}, "tracks", "'some' is neither true nor false. Use one of the two."),
        (
            SuggestQuery,
            {"rank": "x" * 99},
            "rank",
            f"'{'x' * 50}...' is not accepted here. Use 'similar', 'popular' or 'trending'.",
        ),
        (SuggestQuery, {"langauge": "en"}, "langauge", "There is no such parameter. Do you mean language?"),
        (
            SuggestQuery,
            {"foo": ""},
            "foo",
            "There is no such parameter. Check its spelling, or leave it out.",
        ),
        (SuggestQuery, {"hint": [",".join("x" * 21)]}, "hint", "There are 21 of these. Use 20 or fewer."),
        (NeighboursQuery, {"plus": ["a", "x" * 101]}, "plus.1", "This text has 101 characters. Use 100 or fewer."),
        (CompleteQuery, {"prefix": "x" * 101}, "prefix", "This text has 101 characters. Use 100 or fewer."),
        (FeedbackBody, {"kept": []}, "request_id", "This is missing. Add it."),
        (FeedbackBody, {"request_id": True}, "request_id", "true is not text. Use text."),
        (FeedbackBody, {"request_id": "r", "kept": {}}, "kept", 'This is not a list. Use one such as [] or ["beach"].'),
        (FeedbackBody, {"request_id": "r", "kept": [""]}, "kept.0", "This text has 0 characters. Use 1 or more."),
        (
            FeedbackBody,
            {"request_id": "a b"},
            "request_id",
            "'a b' does not match ^[A-Za-z0-9._-]{1,64}$. Check its spelling.",
        ),
    ],
)
def test_what_is_said(model: type[BaseModel], given: dict[str, Any], where: str, what: str) -> None:
    assert words(model, **given) == {where: what}
