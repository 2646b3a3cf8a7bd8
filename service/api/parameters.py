"""What holds for the parameters of all queries and forms: an empty one counts as absent, and one value is sent once."""

from collections.abc import Mapping
from typing import Any, get_origin, get_type_hints

from fastapi import Request
from pydantic import BaseModel, ConfigDict, model_validator

from service.problems import invalid


class Parameters(BaseModel):
    """The parameters of a route; pages send every input of a form, filled in or not, so empty ones count as absent."""

    model_config = ConfigDict(extra="forbid", allow_inf_nan=False)

    @model_validator(mode="before")
    @classmethod
    def _without_empty(cls, given: Mapping[str, Any]) -> dict[str, Any]:
        filled = {name: _filled(value) if name in cls.model_fields else value for name, value in given.items()}
        return {name: value for name, value in filled.items() if value is not None}

    @classmethod
    def lists(cls) -> set[str]:
        """Return the names of those that may be repeated."""
        return {name for name, field in cls.model_fields.items() if get_origin(field.annotation) is list}


def _filled(value: Any) -> Any:
    if isinstance(value, list):
        return [one for one in value if _filled(one) is not None] or None
    return None if isinstance(value, str) and not value.strip() else value


def taken_by(request: Request) -> type[BaseModel] | None:
    """Return the model of what a request's route takes as its query or as JSON, None if it takes neither."""
    hints = get_type_hints(request.scope["route"].endpoint)
    hints.pop("return", None)
    models = [hint for hint in hints.values() if isinstance(hint, type) and issubclass(hint, BaseModel)]
    return models[0] if models else None


async def require_single_values(request: Request) -> None:
    """Check that a query has no parameter of one value more than once: which one is meant cannot be told.

    Raises
    ------
    Problem
        `invalid_request`
    """
    model, query = taken_by(request), request.query_params
    if model is None or not issubclass(model, Parameters):
        return
    given = {name: query.getlist(name) for name in query if name in model.model_fields.keys() - model.lists()}
    if errors := repeated("query", given):
        raise invalid(errors)


def repeated(where: str, given: Mapping[str, list[str]]) -> list[dict[str, str]]:
    """Return an error for each parameter, of those that have one value, with several that are not empty."""
    counts = {name: len(_filled(values) or ()) for name, values in given.items()}
    return [
        {"where": f"{where}.{name}", "what": f"This parameter is given {count} times. Send it once."}
        for name, count in counts.items()
        if count > 1
    ]
