"""What the pages look like: nothing leaves the screen, and everything is large enough to be hit."""

from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from playwright.sync_api import expect

from tests.clips import drifting, write
from tests.service.running import Running
from tests.service.web.conftest import (
    DESKTOP,
    PHONE,
    SMALL_PHONE,
    Answer,
    Open,
    answered,
    check_accessible,
    send,
    wait_for_answer,
)

if TYPE_CHECKING:
    from playwright.sync_api import Page, Route

SCREENS = {
    "phone": PHONE | {"color_scheme": "light"},
    "small phone": SMALL_PHONE | {"color_scheme": "dark"},
    "desktop": DESKTOP | {"color_scheme": "dark"},
}
BOUNDARIES = """() => [
  ...document.querySelectorAll("button, a, summary, select, input, label:has([type=checkbox]), #drop, [role=option]")
].filter(one => one.checkVisibility() && !one.matches("#file, [type=checkbox]")).map(one => {
  const {left, right, width, height} = one.getBoundingClientRect();
  const kind = one.matches(".moments *") ? "moment" : one.localName;
  const scrolls = one.closest(".moments, #card .chips, #clips, [role=listbox]") !== null;
  return {name: one.id || one.textContent, kind, left, right, width, height, scrolls};
})"""
"""All that can be clicked, where it is."""


def check_layout(page: "Page", screen: dict[str, Any]) -> None:
    """Targets have 24 CSS pixels (WCAG 2.2, 2.5.8), and 44 for fingers, apart from the width of links and moments."""
    check_accessible(page)
    wide = screen["viewport"]["width"]
    assert page.evaluate("document.documentElement.scrollWidth") <= wide
    targets = page.evaluate(BOUNDARIES)
    assert len(targets) > 4
    outside = [one for one in targets if not one["scrolls"] and (one["left"] < 0 or one["right"] > wide)]
    assert outside == []
    least = 44 if screen.get("has_touch") else 24
    low = [one for one in targets if one["height"] < least - 0.1]
    assert low == []
    narrow = [one for one in targets if one["width"] < (24 if one["kind"] in ("a", "moment") else least) - 0.1]
    assert narrow == []


@pytest.mark.parametrize("screen", SCREENS)
def test_page(tab: Open, server: Running, sure: Answer, made: Path, screen: str) -> None:
    settings = SCREENS[screen]
    sure["hashtags"][0]["moments"] = [{"start_s": one, "end_s": one + 1, "share": 1 / 12} for one in range(12)]
    page = tab(server.address, **settings)
    answered(page, sure)
    send(page, made)
    wait_for_answer(page)
    page.locator("#less-title").click()
    page.get_by_text("Details").click()
    for tag in ("surfing", "beach"):
        page.get_by_role("button", name=f"#{tag} 0").click()
    page.get_by_role("button", name="Why #surfing?").click()
    expect(page.locator("#why .chip")).to_have_count(8)
    page.get_by_label("Add your own").fill("sur")
    expect(page.locator("[role=option]").first).to_be_visible()
    check_layout(page, settings)
    page.get_by_role("button", name="Use only a part").click()
    check_layout(page, settings)


@pytest.mark.parametrize("screen", SCREENS)
def test_map(tab: Open, server: Running, screen: str) -> None:
    settings = SCREENS[screen]
    page = tab(server.address, reduced_motion="reduce", **settings)
    page.goto("/map#yoga")
    expect(page.locator("#card .chip")).to_have_count(8)
    page.get_by_label("Search hashtags").fill("sur")
    expect(page.locator("[role=option]").first).to_be_visible()
    check_layout(page, settings)
    # The tag is beside the card, not behind it.
    plane, card = page.locator("#plane").bounding_box(), page.locator("#card").bounding_box()
    assert plane is not None
    assert card is not None
    x, y = plane["x"] + plane["width"] / 2, plane["y"] + plane["height"] / 2
    assert not (card["x"] < x < card["x"] + card["width"] and card["y"] < y < card["y"] + card["height"])
    if screen != "desktop":
        assert plane["y"] + plane["height"] <= card["y"] + 1
        assert plane["height"] > settings["viewport"]["height"] / 2.5


def test_phone_films_with_its_own_camera(tab: Open, server: Running, sure: Answer, made: Path) -> None:
    page = tab(server.address, **PHONE)
    answered(page, sure)
    page.goto("/")
    expect(page.locator("#drop")).to_contain_text("Choose clips")
    expect(page.get_by_text("Drop clips")).to_be_hidden()
    with page.expect_file_chooser() as chooser:
        page.get_by_role("button", name="Film a clip").tap()
    assert chooser.value.element.get_attribute("capture") == "environment"
    chooser.value.set_files(made)
    wait_for_answer(page)


IN_VIEW = """one => {
  const {top, bottom} = one.getBoundingClientRect();
  return top >= 0 && bottom <= innerHeight;
}"""


@pytest.mark.parametrize("size", [(160, 120), (120, 284)], ids=["landscape", "portrait"])
@pytest.mark.parametrize(
    "screen",
    [PHONE | {"reduced_motion": "reduce"}, DESKTOP | {"viewport": {"width": 900, "height": 800}}],
    ids=["phone", "desktop"],
)
def test_answer_comes_into_view(
    tab: Open,
    server: Running,
    sure: Answer,
    clips: Path,
    screen: dict[str, Any],
    size: tuple[int, int],
) -> None:
    page = tab(server.address, **screen)
    answered(page, sure)
    send(page, write(clips / f"view_{size[0]}.webm", drifting(30, size)))
    wait_for_answer(page)
    page.wait_for_function("() => document.querySelector('#video').videoWidth > 0")
    page.wait_for_function(f"() => ({IN_VIEW})(document.querySelector('#sure'))")
    box = page.locator("#video").bounding_box()
    assert box is not None
    # As high as two fifths of the window at most, and without black at the sides.
    assert box["height"] <= 0.4 * screen["viewport"]["height"] + 1
    assert box["width"] <= max(192, box["height"] * size[0] / size[1]) + 1


def test_answer_leaves_who_has_scrolled_in_peace(tab: Open, server: Running, sure: Answer, clips: Path) -> None:
    page = tab(server.address, **DESKTOP | {"viewport": {"width": 900, "height": 400}}, reduced_motion="reduce")
    held: list[Route] = []
    page.route("**/v1/hashtags?*", lambda route: held.append(route))
    with page.expect_request("**/v1/hashtags?*"):
        send(page, write(clips / "view_160.webm", drifting(30)))
    page.wait_for_function("() => document.querySelector('#video').videoWidth > 0")
    page.mouse.move(450, 200)
    page.mouse.wheel(0, 60)
    page.wait_for_function("() => scrollY === 60")
    held[0].fulfill(json=sure)
    wait_for_answer(page)
    page.wait_for_timeout(300)
    assert page.evaluate("scrollY") == 60
    # Asked again, it comes.
    with page.expect_request("**/v1/hashtags?*"):
        page.get_by_role("button", name="Suggest again").click()
    expect(page.locator("#answer")).to_be_hidden()
    held[1].fulfill(json=sure)
    page.wait_for_function(f"() => ({IN_VIEW})(document.querySelector('#sure .chip'))")
