#!/usr/bin/env bash
# pydantic: SkipJsonSchema[None], which is meant for the JSON schema alone, changes validation errors, too.
#
# Installs: pydantic 2.14.3, in a temporary virtual environment.
# Expected: `Literal["a", "b"] | SkipJsonSchema[None]` validates like `Literal["a", "b"] | None`; only the null is
#   missing from the schema. So a service that hides it, since no query can hold one, tells its clients the same errors.
# Found: the hidden None makes an ordinary union of what was an optional type. One wrong value gives two errors, the
#   second of which asks for a None, and their locations end with the members of the union: clients that look up the
#   parameter by its location do not find it.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet pydantic==2.14.3
"$folder/venv/bin/python" - <<'PY'
import sys
from typing import Literal

import pydantic
from pydantic import BaseModel
from pydantic.json_schema import SkipJsonSchema

print("pydantic", pydantic.VERSION)


class Plain(BaseModel):
    order: Literal["a", "b"] | None = None


class Hidden(BaseModel):
    order: Literal["a", "b"] | SkipJsonSchema[None] = None


locations = {}
for model in (Plain, Hidden):
    try:
        model.model_validate({"order": "c"})
    except pydantic.ValidationError as error:
        locations[model.__name__] = [".".join(map(str, one["loc"])) for one in error.errors()]
        print(model.__name__, locations[model.__name__], "in the schema:", model.model_json_schema()["properties"]["order"])
if locations != {"Plain": ["order"], "Hidden": ["order.literal['a','b']", "order.none"]}:
    sys.exit("Changed: the errors of the two models are no longer those that were found.")
PY
