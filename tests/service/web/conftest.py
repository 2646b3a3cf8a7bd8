"""Tabs of a browser, answers to show in them, and what a person does in them again and again."""

import json
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import expect

from tests.clips import write
from tests.conftest import chromium
from tests.service.running import Running

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Locator, Page, Request, Route

PHONE: dict[str, Any] = {
    "viewport": {"width": 390, "height": 844},
    "has_touch": True,
    "is_mobile": True,
    "device_scale_factor": 2,
    "color_scheme": "dark",
}
SMALL_PHONE = PHONE | {"viewport": {"width": 320, "height": 640}}
DESKTOP: dict[str, Any] = {"viewport": {"width": 900, "height": 1000}, "color_scheme": "light"}

PATIENCE_MS = 90_000
"""Busy machines take their time."""

Open = Callable[..., "Page"]
Answer = dict[str, Any]


@pytest.fixture(scope="package")
def browser() -> "Iterator[Browser]":
    """One for all of them."""
    with chromium() as started:
        yield started


@pytest.fixture
def tab(browser: "Browser") -> Iterator[Open]:
    """Open tabs, which must meet no error of script and ask nobody but the service."""
    expect.set_options(timeout=PATIENCE_MS)
    contexts = []
    problems: list[str] = []

    def opened(address: str, **settings: Any) -> "Page":
        context = browser.new_context(base_url=address, **(DESKTOP | settings))
        context.set_default_timeout(PATIENCE_MS)
        contexts.append(context)
        page = context.new_page()
        page.on("pageerror", lambda error: problems.append(str(error)))
        page.on("request", partial(look, address))
        return page

    def look(address: str, request: "Request") -> None:
        if not request.url.startswith((f"{address}/", "data:", "blob:")):
            problems.append(request.url)

    yield opened
    for context in contexts:
        context.close()
    assert problems == []


@pytest.fixture(scope="session")
def real_answer(server: Running, clip: bytes) -> Answer:
    """What the service says about a clip."""
    answer: Answer = server.suggest(clip).json()
    return answer


@pytest.fixture
def sure(real_answer: Answer) -> Answer:
    """An answer that is sure, with all that the service can tell about it."""
    answer: Answer = json.loads(json.dumps(real_answer))
    tags = ["surfing", "beach", "sea", "summer", "travel", "puddle"]
    scores = [0.93, 0.81, 0.62, 0.5, 0.35, 0.12]
    answer["hashtags"] = [
        {
            "tag": tag,
            "score": score,
            "distance": 0.5,
            "rank": rank,
            "because": [
                {"kind": "hashtag", "name": "surfing", "share": 0.7},
                {"kind": "seen", "name": "wave", "share": 0.3},
            ],
            "moments": [
                {"start_s": 0.0, "end_s": 0.5, "share": 0.25},
                {"start_s": 0.5, "end_s": 1.0, "share": 0.75},
            ],
        }
        for rank, (tag, score) in enumerate(zip(tags, scores, strict=True), 1)
    ]
    points = [[10 + 3 * step, 20 + 2 * step] for step in range(16)]
    flat = [number for point in points for number in point]
    answer["tracks"] = {
        "width": 160,
        "height": 120,
        "starts_s": [0.0, 0.5],
        "step_s": 1 / 30,
        "points": [flat, flat[::-1]],
    }
    return answer | {"confident": True, "warnings": [], "place": {"x": 30000, "y": 20000}}


@pytest.fixture
def unsure(sure: Answer) -> Answer:
    """The same, but a guess."""
    return sure | {
        "confident": False,
        "warnings": ["The model is not sure about this clip: its hashtags may be wrong."],
    }


@pytest.fixture(scope="session")
def info(server: Running) -> Answer:
    """What the service says of itself."""
    found: Answer = server.client.get("/v1/info").json()
    return found


def answered(page: "Page", *answers: Answer) -> list["Request"]:
    """Answer clips with these answers, the last one again and again; returns the requests as they come."""
    seen: list[Request] = []

    def answer(route: "Route") -> None:
        seen.append(route.request)
        route.fulfill(json=answers[min(len(seen), len(answers)) - 1])

    page.route("**/v1/hashtags?*", answer)
    return seen


def limited(page: "Page", info: Answer, **limits: Any) -> None:
    """Have the service tell other limits."""
    page.route("**/v1/info", lambda route: route.fulfill(json=info | {"limits": info["limits"] | limits}))


def send(page: "Page", *clips: Path) -> None:
    """Open the page and choose clips."""
    page.goto("/")
    page.wait_for_function("() => document.getElementById('limits').textContent.includes('MiB')")
    page.set_input_files("#file", list(clips))


def wait_for_answer(page: "Page") -> None:
    expect(page.locator("#answer")).to_be_visible()


def chips(page: "Page") -> "Locator":
    """All suggestions."""
    return page.locator("#sure .chip, #unsure .chip")


def tags(found: "Locator") -> list[str]:
    return [text.split()[0] for text in found.all_text_contents()]


def check_accessible(page: "Page") -> None:
    """Axe finds nothing: WCAG 2.2 A and AA, and what it calls best practices."""
    found = Axe().run(page)
    assert found.violations_count == 0, found.generate_report()


@pytest.fixture(scope="session")
def made(clips: Path) -> Path:
    """A clip of one second that browsers can play."""
    return write(clips / "made.webm")
