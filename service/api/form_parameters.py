"""Parameters of a request that come as fields of its form, beside the clip."""

from collections.abc import Collection, Iterable
from typing import Final

from fastapi.exceptions import RequestValidationError
from pydantic import ValidationError

from service.api.schemas import SuggestQuery
from service.api.uploads import Field
from service.problems import Code, Problem

_LISTS: Final = {"exclude", "allow", "hint"}


def complete(query: SuggestQuery, given: Collection[str], fields: Iterable[Field]) -> SuggestQuery:
    """Return a query completed by the fields of a form that are named like its parameters.

    Other fields mean nothing here: clients send captions, names and types of files. Nor do empty fields: pages send
    every input of a form, filled in or not. Of several fields for one value, the last one counts, as in a query.

    Parameters
    ----------
    query : SuggestQuery
    given : collection of str
        Parameters that the request gives in its query.
    fields : iterable of Field

    Raises
    ------
    Problem
        `invalid_request` if the form repeats a parameter of the query: which one is meant cannot be told.
    RequestValidationError
        If a value does not fit.
    """
    found: dict[str, list[str]] = {}
    for field in fields:
        if field.name in SuggestQuery.model_fields and field.value.strip():
            found.setdefault(field.name, []).append(field.value.decode("utf-8", errors="replace"))
    if twice := [name for name in found if name in given]:
        what = "The query gives this parameter, too. Send it in one place."
        detail = f"The form repeats what the query gives: {', '.join(twice)}. Send each parameter in one place."
        raise Problem(Code.invalid_request, detail, errors=[{"where": f"body.{name}", "what": what} for name in twice])
    in_form = {name: values if name in _LISTS else values[-1] for name, values in found.items()}
    try:
        return SuggestQuery.model_validate(query.model_dump(include=set(given)) | in_form)
    except ValidationError as error:
        raise RequestValidationError([{**one, "loc": ("body", *one["loc"])} for one in error.errors()]) from error
