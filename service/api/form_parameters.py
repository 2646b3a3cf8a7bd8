"""Parameters of a request that come as fields of its form, beside the clip."""

from collections.abc import Iterable

from fastapi.exceptions import RequestValidationError
from pydantic import ValidationError

from service.api.parameters import repeated
from service.api.schemas import SuggestQuery
from service.api.uploads import Field
from service.problems import invalid


def complete(query: SuggestQuery, fields: Iterable[Field]) -> SuggestQuery:
    """Return a query completed by the fields of a form that are named like its parameters.

    Other fields mean nothing here: clients send captions, names and types of files. Nor do empty fields.

    Raises
    ------
    Problem
        `invalid_request` if the form repeats a parameter of the query, or one of its own that has a single value: which
        one is meant cannot be told.
    RequestValidationError
        If a value does not fit.
    """
    found: dict[str, list[str]] = {}
    for field in fields:
        if field.name in SuggestQuery.model_fields and field.value.strip():
            found.setdefault(field.name, []).append(field.value.decode("utf-8", errors="replace"))
    given, lists = query.model_fields_set, SuggestQuery.lists()
    what = "The query gives this parameter, too. Send it in one place."
    errors = [{"where": f"body.{name}", "what": what} for name in found if name in given]
    errors += repeated("body", {name: values for name, values in found.items() if name not in lists | given})
    if errors:
        raise invalid(errors)
    in_form = {name: values if name in lists else values[0] for name, values in found.items()}
    try:
        return SuggestQuery.model_validate(query.model_dump(include=given) | in_form)
    except ValidationError as error:
        raise RequestValidationError([{**one, "loc": ("body", *one["loc"])} for one in error.errors()]) from error
