"""The map of the tag space, as data; `service.api.page` has the page that shows it."""

from typing import Final
from weakref import WeakKeyDictionary

from fastapi import APIRouter, Request, Response

from models import answers
from models.bundle import Bundle
from models.tags.suggestions import Suggester
from service.api import schemas
from service.api.representation import Representation
from service.lifecycle import service_of
from service.model import Model
from service.problems import Code, Problem, documented

router = APIRouter()

_NAMES = 2
"""Tags in the name of a region."""

_WRITTEN: Final = WeakKeyDictionary[Model, Representation]()


@router.get(
    "/v1/map",
    response_model=schemas.Map,
    responses=documented(Code.no_map, Code.not_ready),
    summary="Lay out all tags",
    tags=["tags"],
)
async def get_map(request: Request) -> Response:
    """Return a place in two dimensions for every tag, most used first, and the regions of the map.

    Tags that are used alike lie side by side; those that are never suggested are left out. Distances between
    what is far apart mean nothing.
    """
    service = service_of(request)
    model = service.model_now()
    if model.pipeline.suggester.tag_map is None:
        raise Problem(Code.no_map, "This model has no map of its tags. Everything else works without one.")
    return (await service.compute.run(_representation, model)).respond(request)


def _representation(model: Model) -> Representation:
    """Return the map of a model, written and compressed when it is first asked for, on the compute thread."""
    if model not in _WRITTEN:
        content = describe(model.pipeline.suggester, model.bundle).model_dump_json().encode()
        _WRITTEN[model] = Representation(content, "application/json")
        _ = _WRITTEN[model].compressed
    return _WRITTEN[model]


def describe(suggester: Suggester, bundle: Bundle) -> schemas.Map:
    """Return the map of tags that has none that are never suggested, neither as places nor as names of regions."""
    space, drawn = suggester.space, suggester.tag_map
    assert drawn is not None  # noqa: S101 - the caller has looked
    shown = {row for row in range(len(space)) if not suggester.denies(space.stems[row])}
    rows = sorted(shown, key=lambda row: -int(space.counts[row]))
    regions = []
    for names, (x, y) in zip(drawn.names.tolist(), drawn.centres().tolist(), strict=True):
        best = [space.displays[row] for row in names if row in shown][:_NAMES]
        regions.append(schemas.Region(name=" · ".join(best), x=x, y=y))
    return schemas.Map(
        tags=[space.displays[row] for row in rows],
        x=drawn.places[rows, 0].tolist(),
        y=drawn.places[rows, 1].tolist(),
        posts=space.counts[rows].tolist(),
        region=drawn.region[rows].tolist(),
        regions=regions,
        model=answers.ModelInfo.of(bundle),
    )
