"""Choosing hashtags: by mouse and by keyboard, in the form of a platform, and copying them."""

import re
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from playwright.sync_api import expect

from tests.conftest import PLAIN_HOST
from tests.service.running import Running
from tests.service.web.conftest import Answer, Open, answered, check_accessible, send, tags, wait_for_answer

if TYPE_CHECKING:
    from playwright.sync_api import Page, Route


PLATFORMS = {
    "platforms": [
        {
            "name": "short",
            "title": "Short",
            "most_tags": 3,
            "longest_tag": 8,
            "allowed": "at most 8 letters",
            "pattern": "^[a-z]{1,8}$",
            "digits_only": False,
            "separator": ", ",
            "source": "https://example.com",
            "date": "2026-01-01",
            "note": "",
        }
    ]
}


def with_platforms(page: "Page") -> None:
    page.route("**/v1/platforms", lambda route: route.fulfill(json=PLATFORMS))


def test_hashtags_are_chosen_put_in_order_and_copied(
    tab: Open, server: Running, info: Answer, sure: Answer, made: Path
) -> None:
    page = tab(server.address, permissions=["clipboard-read", "clipboard-write"])
    with_platforms(page)
    page.route("**/v1/info", lambda route: route.fulfill(json=info | {"feedback": True}))
    page.route("**/v1/tags?*", lambda route: route.fulfill(json={"tags": [{"tag": "waves", "posts": 12}]}))
    fed_back: list[Any] = []

    def take(route: "Route") -> None:
        fed_back.append(route.request.post_data_json)
        route.fulfill(status=204)

    page.route("**/v1/feedback", take)
    answered(page, sure)
    send(page, made)
    wait_for_answer(page)
    check_accessible(page)
    assert tags(page.locator("#sure .chip")) == ["#surfing", "#beach", "#sea", "#summer", "#travel"]
    expect(page.locator("#sure .best")).to_have_text(re.compile("#surfing"))
    expect(page.locator("#less-title")).to_have_text("Less likely (1)")
    expect(page.locator("#copy")).to_have_text("Copy all 5")
    for tag in ("surfing", "beach", "sea"):
        page.get_by_role("button", name=f"#{tag} 0").click()
    # Another order, by a button and by dragging.
    page.get_by_role("button", name="Move right: #surfing").click()
    handles = page.locator("#chosen .handle")
    assert handles.all_text_contents() == ["#beach", "#surfing", "#sea"]
    handles.nth(2).drag_to(handles.nth(0), target_position={"x": 3, "y": 5})
    assert handles.all_text_contents() == ["#sea", "#beach", "#surfing"]
    # One's own, completed.
    page.get_by_label("Add your own").fill("#wav")
    expect(page.locator("#completions").get_by_role("option")).to_have_text(re.compile("#waves"))
    check_accessible(page)
    page.keyboard.press("ArrowDown")
    page.keyboard.press("Enter")
    assert handles.all_text_contents() == ["#sea", "#beach", "#surfing", "#waves"]
    # Several at once, as they stand in a post.
    expect(page.locator("#learns")).to_be_visible()
    page.get_by_label("Add your own").fill("#one #two")
    page.get_by_role("button", name="Add", exact=True).click()
    assert handles.all_text_contents()[4:] == ["#one", "#two"]
    for tag in ("one", "two"):
        page.get_by_role("button", name=f"Remove #{tag}").click()
    # The platform takes three, of at most eight letters, with commas between.
    page.get_by_label("Platform").select_option("short")
    expect(page.locator("#copy")).to_be_disabled()
    expect(page.locator("#count")).to_have_text("4 of 3 for Short")
    expect(page.locator("#problem")).to_contain_text("at most 3 hashtags")
    page.get_by_role("button", name="Remove #beach").click()
    page.get_by_label("Add your own").fill("much too long")
    page.get_by_role("button", name="Add", exact=True).click()
    expect(page.locator("#problem")).to_contain_text("at most 8 letters")
    page.locator("#copy").click()
    expect(page.locator("#copied")).to_have_text("Copied: #sea, #surfing, #waves")
    assert page.evaluate("navigator.clipboard.readText()") == "#sea, #surfing, #waves"
    assert fed_back == [
        {
            "request_id": sure["request_id"],
            "kept": ["sea", "surfing"],
            "added": ["waves"],
            "dropped": [],  # there was no room for more
        }
    ]
    page.reload()
    expect(page.get_by_label("Platform")).to_have_value("short")


def test_what_was_typed_is_a_hint_when_asking_again(
    tab: Open, server: Running, info: Answer, sure: Answer, made: Path
) -> None:
    page = tab(server.address)
    model = info["model"] | {"languages": ["en", "de"]}
    page.route("**/v1/info", lambda route: route.fulfill(json=info | {"model": model}))
    parameters = [{"name": name} for name in ("k", "hint", "language", "explain")]
    description = {"paths": {"/v1/hashtags": {"post": {"parameters": parameters}}}}
    page.route("**/openapi.json", lambda route: route.fulfill(json=description))
    asked = answered(page, sure)
    send(page, made)
    wait_for_answer(page)
    page.get_by_label("Add your own").fill("kite")
    page.keyboard.press("Enter")
    page.get_by_role("button", name="Suggest again").click()
    expect(page.locator("#answer")).to_be_visible()
    # Another language asks at once.
    page.get_by_label("Language").select_option("de")
    expect(page.locator("#answer")).to_be_visible()
    assert page.locator("#chosen .handle").all_text_contents() == ["#kite"]
    # A part is asked for without hints: they are sent where the reader expects it.
    page.get_by_role("button", name="Use only a part").click()
    page.get_by_role("button", name="for this part").click()
    expect(page.locator("#answer")).to_be_visible()
    queries = [set(one.url.partition("?")[2].split("&")) for one in asked]
    told = [{name for name in query if name.startswith(("hint=", "language="))} for query in queries]
    assert told == [set(), {"hint=kite"}, {"hint=kite", "language=de"}, {"language=de"}]
    assert all("explain=true" in query for query in queries)
    # With the arrow keys, languages change faster than answers come.
    page.unroute("**/v1/hashtags?*")
    held: list[Route] = []
    page.route("**/v1/hashtags?*", lambda route: held.append(route))
    with page.expect_request("**/v1/hashtags?*"):
        page.get_by_label("Language").select_option("")
    page.get_by_label("Language").select_option("en")
    with page.expect_request("**/v1/hashtags?*") as last:
        held[0].fulfill(json=sure)
    assert "language=en" in last.value.url


def test_what_is_unsure_looks_unsure(tab: Open, server: Running, unsure: Answer, made: Path) -> None:
    page = tab(server.address)
    answered(page, unsure)
    send(page, made)
    wait_for_answer(page)
    check_accessible(page)
    look = "one => ['backgroundColor', 'border', 'fontWeight'].map(name => getComputedStyle(one)[name]).join()"
    looks = {chip.evaluate(look) for chip in page.locator("#sure .chip").all()}
    assert len(looks) == 1
    # Nobody copies a guess unseen.
    expect(page.locator("#copy")).to_be_disabled()
    expect(page.get_by_role("button", name="#puddle 0")).to_be_hidden()
    page.locator("#less-title").click()
    page.get_by_role("button", name="#puddle 0").click()
    page.locator("#copy").click()
    expect(page.locator("#copied")).to_contain_text("#puddle")
    expect(page.locator("#warnings")).to_contain_text("not sure about this clip")


def test_keyboard_alone(tab: Open, server: Running, sure: Answer, made: Path) -> None:
    page = tab(server.address, permissions=["clipboard-read", "clipboard-write"])
    answered(page, sure)
    send(page, made)
    wait_for_answer(page)

    def reach(key: str) -> None:
        for _ in range(60):
            page.keyboard.press("Tab")
            if page.evaluate("document.activeElement.dataset.key || document.activeElement.id") == key:
                return
        raise AssertionError(f"{key} cannot be reached")

    reach("beach")
    page.keyboard.press("Space")
    reach("sea")
    page.keyboard.press("Enter")
    reach("later beach")
    page.keyboard.press("Enter")
    reach("own")
    page.keyboard.type("dunes")
    page.keyboard.press("Enter")
    reach("copy")
    page.keyboard.press("Enter")
    expect(page.locator("#copied")).to_have_text("Copied: #sea #beach #dunes")


@pytest.mark.parametrize("allowed", [True, False])
def test_copying_on_plain_http(tab: Open, server: Running, unsure: Answer, made: Path, allowed: bool) -> None:
    """Where pages have no clipboard."""
    page = tab(f"http://{PLAIN_HOST}:{server.port}")
    answered(page, unsure)
    if not allowed:
        page.add_init_script("document.execCommand = () => false")
    send(page, made)
    wait_for_answer(page)
    assert page.evaluate("[isSecureContext, typeof navigator.clipboard]") == [False, "undefined"]
    page.get_by_role("button", name="#sea 0").click()
    page.locator("#copy").click()
    if allowed:
        expect(page.locator("#copied")).to_have_text("Copied: #sea")
        page.get_by_label("Add your own").focus()
        page.keyboard.press("Control+V")
        expect(page.get_by_label("Add your own")).to_have_value("#sea")
    else:
        expect(page.locator("#copied")).to_contain_text("press Ctrl-C")
        field = page.get_by_label("Hashtags to copy")
        expect(field).to_be_focused()
        assert field.evaluate("one => one.value.slice(one.selectionStart, one.selectionEnd)") == "#sea"
        check_accessible(page)
    expect(page.locator("#warnings")).to_contain_text("not sure about this clip")
