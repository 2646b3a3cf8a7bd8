"""Says what is invalid in a request or a setting in plain words, where pydantic speaks to programmers."""

from collections.abc import Collection, Mapping
from difflib import get_close_matches
from typing import Any, Final

_MOST_SHOWN: Final = 50
"""Characters of what was sent that an error repeats."""

_NO_INTEGER = "{given} is not a whole number. Use one such as 5."
_NO_NUMBER = "{given} is not a number. Use one such as 0.5."
_NO_OBJECT = "{given} is not a JSON object. Send one, with the content type application/json."
_NO_BOOLEAN = "{given} is neither true nor false. Use one of the two."

WORDS: Final = {
    "bool_parsing": _NO_BOOLEAN,
    "bool_type": _NO_BOOLEAN,
    "extra_forbidden": "There is no such parameter. {advice}",
    "finite_number": _NO_NUMBER,
    "float_parsing": _NO_NUMBER,
    "float_type": _NO_NUMBER,
    "greater_than": "{given} is too small. Use more than {gt}.",
    "greater_than_equal": "{given} is too small. Use {ge} or more.",
    "int_from_float": _NO_INTEGER,
    "int_parsing": _NO_INTEGER,
    "int_parsing_size": "This number has too many digits. Use a smaller one, such as 5.",
    "int_type": _NO_INTEGER,
    "ip_any_network": "{given} is not a network. Use one such as 10.0.0.0/8.",
    "json_invalid": "This is not JSON: {error}. Correct it.",
    "less_than": "{given} is too large. Use less than {lt}.",
    "less_than_equal": "{given} is too large. Use {le} or less.",
    "list_type": '{given} is not a list. Use one such as [] or ["beach"].',
    "literal_error": "{given} is not accepted here. Use {expected}.",
    "missing": "This is missing. Add it.",
    "model_attributes_type": _NO_OBJECT,
    "model_type": _NO_OBJECT,
    "string_pattern_mismatch": "{given} does not match {pattern}. Check its spelling.",
    "string_sub_type": "{given} is not text. Use text.",
    "string_too_long": "This text has {length} characters. Use {max_length} or fewer.",
    "string_too_short": "This text has {length} characters. Use {min_length} or more.",
    "string_type": "{given} is not text. Use text.",
    "string_unicode": "This text is not valid Unicode. Use UTF-8.",
    "too_long": "There are {actual_length} of these. Use {max_length} or fewer.",
    "too_short": "There are {actual_length} of these. Use {min_length} or more.",
}
"""What to say by pydantic's type of error, with the values of its context."""


def describe(error: Mapping[str, Any], known: Collection[str] = ()) -> dict[str, str]:
    """Return where one of pydantic's errors is, and what to do about it.

    Parameters
    ----------
    error : mapping
        As in `pydantic.ValidationError.errors()`.
    known : collection of str
        Names of parameters that there are: the nearest one is proposed in place of an unknown one.
    """
    kind, place, given = error["type"], list(error["loc"]), error.get("input")
    if kind == "json_invalid":
        place.pop()  # the number of a character
    values = {
        **{name: f"{one:g}" if isinstance(one, float) else one for name, one in error.get("ctx", {}).items()},
        "given": _shown(given),
        "length": len(given) if isinstance(given, str) else 0,
        "advice": _advice(str(place[-1]) if place else "", known),
    }
    own = kind == "value_error"  # raised by a validator of this project, in its words
    what = str(error["ctx"]["error"]) if own else WORDS.get(kind, "{given} does not fit here.").format(**values)
    return {"where": ".".join(map(str, place)), "what": what}


def _shown(given: object) -> str:
    if isinstance(given, str):
        return repr(given if len(given) <= _MOST_SHOWN else f"{given[:_MOST_SHOWN]}...")
    return str(given).lower() if isinstance(given, int | float) else "This"  # true, as JSON has it


def _advice(name: str, known: Collection[str]) -> str:
    nearest = get_close_matches(name.lower(), known, n=1)
    return f"Do you mean {nearest[0]}?" if nearest else "Check its spelling, or leave it out."
