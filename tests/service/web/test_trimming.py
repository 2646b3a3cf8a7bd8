"""Using only a part of a clip: because it must be shorter, or because the reader wants to."""

from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from playwright.sync_api import expect

from tests.clips import write
from tests.service.running import Running
from tests.service.web.conftest import Answer, Open, answered, check_accessible, limited, send, wait_for_answer

if TYPE_CHECKING:
    from playwright.sync_api import Page, Request, Route


def part(request: "Request") -> list[str]:
    """The part that was asked for."""
    parameters = request.url.partition("?")[2].split("&")
    return sorted(one for one in parameters if one.startswith(("start=", "end=")))


def test_clip_that_is_too_long_is_trimmed(tab: Open, server: Running, info: Answer, made: Path) -> None:
    page = tab(server.address)
    limited(page, info, max_duration_s=0.6)
    asked: list[Request] = []
    page.on("request", lambda request: asked.append(request) if "v1/hashtags" in request.url else None)
    send(page, made)
    expect(page.locator("#trimmer")).to_be_visible()
    expect(page.locator("#trim-why")).to_have_text("This clip is 1.0 s long; the limit is 0.6 s.")
    assert asked == []
    check_accessible(page)
    page.locator("#end").fill("0.9")
    assert page.locator("#start").input_value() == "0.3"
    page.locator("#start").focus()
    page.keyboard.press("ArrowRight")
    page.get_by_role("button", name="for this part").click()
    wait_for_answer(page)
    assert [part(request) for request in asked] == [["end=0.9", "start=0.4"]]
    expect(page.locator("#state")).to_contain_text("from 0.4 s to 0.9 s of the clip.")
    expect(page.get_by_role("button", name="Use the whole clip")).to_be_hidden()
    page.get_by_text("Details").click()
    expect(page.locator("#facts")).to_contain_text("0.5 s, 160 × 120, 15 frames")


@pytest.mark.parametrize("way", ["button", "Escape"])
def test_way_back_from_a_clip_that_is_too_long(
    tab: Open, server: Running, info: Answer, sure: Answer, made: Path, way: str
) -> None:
    page = tab(server.address)
    limited(page, info, max_duration_s=0.6)
    asked = answered(page, sure)
    send(page, made)
    leave(page, way)
    expect(page.locator("#trimmer")).to_be_hidden()
    expect(page.locator("#state")).to_have_text("Cancelled.")
    # Trying again would not help; it is chosen again by its button, which has the focus.
    expect(page.get_by_role("button", name="Try again")).to_be_hidden()
    expect(page.get_by_role("button", name="Use only a part")).to_be_focused()
    check_accessible(page)
    page.keyboard.press("Enter")
    expect(page.locator("#start")).to_be_focused()
    assert asked == []


@pytest.mark.parametrize("way", ["button", "Escape"])
def test_part_of_a_clip_that_is_short_enough(tab: Open, server: Running, sure: Answer, made: Path, way: str) -> None:
    page = tab(server.address)
    asked = answered(page, sure)
    send(page, made)
    wait_for_answer(page)
    use = page.get_by_role("button", name="Use only a part")
    # Back to the answer, without asking again.
    use.click()
    expect(page.locator("#trim-why")).to_have_text("This clip is 1.0 s long.")
    expect(page.locator("#answer")).to_be_hidden()
    check_accessible(page)
    page.locator("#start").fill("0.2")
    leave(page, way)
    wait_for_answer(page)
    expect(use).to_be_focused()
    assert len(asked) == 1
    # What was cancelled is forgotten.
    use.click()
    assert [page.locator(end).input_value() for end in ("#start", "#end")] == ["0", "1"]
    page.locator("#start").fill("0.3")
    page.get_by_role("button", name="for this part").click()
    expect(page.locator("#state")).to_contain_text("from 0.3 s to 1.0 s")
    # All of it, again.
    use.click()
    assert page.locator("#start").input_value() == "0.3"
    page.locator("#start").fill("0")
    page.get_by_role("button", name="for this part").click()
    wait_for_answer(page)
    expect(page.locator("#state")).not_to_contain_text("from")
    assert [part(request) for request in asked] == [[], ["end=1", "start=0.3"], []]
    # Or at once.
    whole = page.get_by_role("button", name="Use the whole clip")
    expect(whole).to_be_hidden()
    use.click()
    page.locator("#end").fill("0.7")
    page.get_by_role("button", name="for this part").click()
    wait_for_answer(page)
    whole.click()
    wait_for_answer(page)
    expect(whole).to_be_hidden()
    assert [part(request) for request in asked[3:]] == [["end=0.7", "start=0"], []]


def leave(page: "Page", way: str) -> None:
    if way == "Escape":
        expect(page.locator("#trimmer")).to_be_visible()
        page.keyboard.press("Escape")
    else:
        page.locator("#trimmer").get_by_role("button", name="Cancel").click()


def test_each_clip_has_its_own_part(tab: Open, server: Running, sure: Answer, made: Path, clips: Path) -> None:
    page = tab(server.address)
    asked = answered(page, sure)
    send(page, made, write(clips / "other.mp4"))
    listed, start = page.locator("#clips button"), page.locator("#start")
    expect(listed.nth(1)).to_contain_text("hashtags in")
    for number, value in enumerate(("0.1", "0.4")):
        listed.nth(number).click()
        page.get_by_role("button", name="Use only a part").click()
        start.fill(value)
    listed.nth(0).click()
    assert start.input_value() == "0.1"
    page.get_by_role("button", name="for this part").click()
    wait_for_answer(page)
    listed.nth(1).click()
    assert start.input_value() == "0.4"
    page.get_by_role("button", name="for this part").click()
    wait_for_answer(page)
    assert [part(request) for request in asked[2:]] == [["end=1", "start=0.1"], ["end=1", "start=0.4"]]


def test_shorter_part_is_offered_when_time_runs_out(tab: Open, server: Running, made: Path) -> None:
    page = tab(server.address)
    codes = iter(["deadline_exceeded", "not_a_video"])
    page.route("**/v1/hashtags?*", lambda route: route.fulfill(status=504, json={"detail": "No.", "code": next(codes)}))
    send(page, made)
    expect(page.locator("#state")).to_have_text("No.")
    expect(page.get_by_role("button", name="Use only a part")).to_be_visible()
    page.get_by_role("button", name="Try again").click()
    expect(page.get_by_role("button", name="Use only a part")).to_be_hidden()
    expect(page.locator("#state")).to_have_text("No.")
    expect(page.get_by_role("button", name="Use only a part")).to_be_hidden()


def test_length_that_the_browser_cannot_tell_is_told_by_the_service(
    tab: Open, server: Running, sure: Answer, clips: Path
) -> None:
    page = tab(server.address)
    problem = {"code": "clip_too_long", "detail": "The clip is too long.", "title": "Clip too long", "status": 422}
    asked: list[Request] = []

    def answer(route: "Route") -> None:
        asked.append(route.request)
        route.fulfill(json=sure if part(route.request) else problem, status=200 if part(route.request) else 422)

    page.route("**/v1/hashtags?*", answer)
    send(page, write(clips / "unplayable.avi"))
    expect(page.locator("#trim-why")).to_have_text("This clip is too long; the limit is 60 s.")
    expect(page.locator("#video")).to_be_hidden()
    expect(page.get_by_role("button", name="Start here")).to_be_hidden()
    page.get_by_role("button", name="for this part").click()
    wait_for_answer(page)
    assert [part(request) for request in asked] == [[], ["end=60", "start=0"]]
