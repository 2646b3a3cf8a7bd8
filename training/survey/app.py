"""The survey's web application: a page for each rater, at an address with their token."""

from collections.abc import Awaitable, Callable, Mapping
from pathlib import Path
from typing import Annotated, Any

from fastapi import Depends, FastAPI, HTTPException, Request, Response
from fastapi.responses import FileResponse, HTMLResponse
from fastapi.staticfiles import StaticFiles
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from models.tags.stemming import normalise, stem
from training.survey.database import Answer, Database, Outcome, Rater
from training.survey.order import shown_order
from training.survey.preparation import Preparation

_STATIC = Path(__file__).parent / "static"
_HEADERS = {
    "Content-Security-Policy": "default-src 'none'; script-src 'self'; style-src 'self'; media-src 'self'; "
    "connect-src 'self'; img-src data:; base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
    "Referrer-Policy": "no-referrer",  # the address contains the token
    "X-Content-Type-Options": "nosniff",
    "Cache-Control": "no-store",
}
_MOST_BYTES = 64 * 1024
_TYPES = {".mp4": "video/mp4", ".mov": "video/mp4", ".3gp": "video/mp4", ".webm": "video/webm"}


class Given(BaseModel):
    """What the page sends at each tap: the answer to a clip so far."""

    model_config = ConfigDict(extra="forbid")

    outcome: Outcome | None = None
    kept: list[str] = Field(default=[], max_length=50)
    added: list[str] = Field(default=[], max_length=50)


def create_app(database: Database, preparation: Preparation, folder: Path, clips: Mapping[int, str]) -> FastAPI:
    """Return the application.

    Parameters
    ----------
    database : Database
        Used only by the application's event loop.
    preparation : Preparation
        Of the clips, which are shown as they become ready.
    folder : Path
        Holds the clips.
    clips : mapping of int to str
        Paths relative to `folder` by the numbers of the clips, in the order in which raters see them: the same for
        all, so that raters who stop early have judged the same clips and can be compared.
    """
    app = FastAPI(title="tag2vec survey", openapi_url=None)
    app.mount("/static", StaticFiles(directory=_STATIC))

    @app.middleware("http")
    async def headers(request: Request, call_next: Callable[[Request], Awaitable[Response]]) -> Response:
        response = await call_next(request)
        for name, value in _HEADERS.items():
            response.headers.setdefault(name, value)
        return response

    async def known(token: str) -> Rater:
        if (rater := database.rater(token)) is None:
            raise HTTPException(404, "Unknown link. Ask whoever sent it to you for a new one.")
        return rater

    async def shown(clip: int) -> int:
        if clip not in clips or clip not in database.ready():
            raise HTTPException(404, "There is no such clip.")
        return clip

    who = Annotated[Rater, Depends(known)]
    what = Annotated[int, Depends(shown)]

    @app.get("/", response_class=HTMLResponse)
    async def nobody() -> HTMLResponse:
        return HTMLResponse((_STATIC / "nobody.html").read_text(encoding="utf-8"))

    @app.get("/{token}", response_class=HTMLResponse)
    async def page(token: str) -> HTMLResponse:
        known_token = database.rater(token) is not None
        name = "page.html" if known_token else "nobody.html"
        return HTMLResponse((_STATIC / name).read_text(encoding="utf-8"), 200 if known_token else 404)

    @app.get("/{token}/survey")
    async def survey(rater: who) -> dict[str, Any]:
        # Read first, so that a clip that becomes ready in between is announced rather than missed.
        preparing = preparation.running
        ready, outcomes = database.ready(), database.outcomes(rater)
        return {
            "rater": rater.name,
            "clips": [{"id": clip, "outcome": outcomes.get(clip)} for clip in clips if clip in ready],
            "preparing": preparing,
            "total": len(clips) - len(database.failures()),
        }

    @app.get("/{token}/clips/{clip}")
    async def clip_of(rater: who, clip: what) -> dict[str, Any]:
        answer = database.answer(rater, clip)
        return {
            "id": clip,
            "suggestions": shown_order(database.suggested(clip), rater.id, clip),
            "outcome": answer.outcome,
            "kept": answer.kept,
            "added": answer.added,
        }

    @app.get("/{token}/clips/{clip}/video")
    async def video(rater: who, clip: what) -> FileResponse:
        copy = preparation.copy_of(clip)
        file = copy if copy.exists() else folder / clips[clip]
        if not file.is_file():
            raise HTTPException(404, "The file of this clip is gone.")
        kind = _TYPES.get(file.suffix.lower(), "application/octet-stream")
        return FileResponse(file, media_type=kind, headers={"Cache-Control": "private, max-age=3600"})

    @app.put("/{token}/clips/{clip}/answer")
    async def answer(rater: who, clip: what, request: Request) -> dict[str, Any]:
        given = await _given(request)
        suggested = database.suggested(clip)
        if unknown := set(given.kept) - set(suggested):
            raise HTTPException(422, f"Not suggested for this clip: {', '.join(sorted(unknown))}.")
        kept, added = _sorted_out(given, suggested)
        database.set_answer(rater, clip, Answer(given.outcome, kept, added))
        return {"outcome": given.outcome, "kept": kept, "added": added}

    return app


async def _given(request: Request) -> Given:
    body = b""
    async for part in request.stream():
        body += part
        if len(body) > _MOST_BYTES:
            raise HTTPException(413, "The answer is too long.")
    try:
        return Given.model_validate_json(body)
    except ValidationError as error:
        first = error.errors()[0]
        raise HTTPException(422, f"{'.'.join(map(str, first['loc']))}: {first['msg']}") from None


def _sorted_out(given: Given, suggested: list[str]) -> tuple[list[str], list[str]]:
    """Return the kept tags by rank, and the added ones; an added tag with the stem of a suggestion counts as kept."""
    stems = {stem(normalise(tag)): tag for tag in suggested}
    kept = set(given.kept)
    added: dict[str, str] = {}
    for typed in given.added:
        if not (tag := normalise(typed)):
            raise HTTPException(
                422, f"#{typed[:100]} is not a hashtag: use letters and digits, with at least one letter."
            )
        if (name := stem(tag)) in stems:
            kept.add(stems[name])
        else:
            added.setdefault(name, tag)
    return [tag for tag in suggested if tag in kept], list(added.values())
