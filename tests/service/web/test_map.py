"""The map, as a person uses it."""

import json
import math
from typing import TYPE_CHECKING, Any

import pytest
from playwright.sync_api import expect

from tests.service.running import Running
from tests.service.web.conftest import PHONE, SMALL_PHONE, Answer, Open, answered, check_accessible

if TYPE_CHECKING:
    from pathlib import Path

    from playwright.sync_api import Page

INK = """() => {
    const canvas = document.querySelector('#plane');
    const pixels = new Uint32Array(canvas.getContext('2d').getImageData(0, 0, canvas.width, canvas.height).data.buffer);
    return pixels.filter(one => one !== pixels[0]).length;
}"""


@pytest.fixture(scope="module")
def drawn(server: Running) -> Answer:
    """The map as data."""
    if not server.client.get("/v1/info").json()["model"]["map"]:
        pytest.skip("this bundle has no map")
    found: Answer = server.client.get("/v1/map").json()
    return found


def opened(tab: Open, server: Running, fragment: str = "", **settings: Any) -> "Page":
    page = tab(server.address, **({"reduced_motion": "reduce"} | settings))
    page.goto(f"/map{fragment}")
    page.wait_for_selector("html[data-ready]")
    return page


def test_a_tag_is_found_and_its_neighbours_are_told(tab: Open, server: Running, drawn: Answer) -> None:
    page = opened(tab, server)
    assert page.evaluate(INK) > 10_000
    check_accessible(page)
    search = page.get_by_label("Search hashtags")
    search.fill("#yog")
    options = page.get_by_role("option")
    found = [text.split()[0].removeprefix("#") for text in options.all_text_contents()]
    # Those that begin so, the most used first, then those that hold it.
    starting = [tag for tag in drawn["tags"] if tag.startswith("yog")]
    holding = [tag for tag in drawn["tags"] if "yog" in tag and not tag.startswith("yog")]
    assert found == (starting + holding)[:12]
    check_accessible(page)
    page.keyboard.press("ArrowDown")
    page.keyboard.press("Enter")
    card = page.locator("#card")
    expect(card.get_by_role("heading")).to_have_text(f"#{found[0]}")
    expect(card).to_contain_text("posts; region: ")
    neighbours = server.client.get(f"/v1/tags/{found[0]}/neighbours", params={"k": 8}).json()["neighbours"]
    chips = card.locator(".chip")
    expect(chips).to_have_count(8)
    assert chips.all_text_contents() == [f"#{one['tag']}" for one in neighbours]
    check_accessible(page)
    chips.first.click()
    expect(card.get_by_role("heading")).to_have_text(f"#{neighbours[0]['tag']}")
    assert page.url.endswith(f"/map#{neighbours[0]['tag']}")


def test_search_prefers_the_tag_itself_then_its_beginning(tab: Open, server: Running, drawn: Answer) -> None:
    page = opened(tab, server)
    field = page.get_by_label("Search hashtags")
    # A tag that is less used than one that begins with it, and that another contains.
    wanted = next(
        tag
        for place, tag in enumerate(drawn["tags"])
        if any(one.startswith(tag) for one in drawn["tags"][:place])
        and 2 < sum(one.startswith(tag) for one in drawn["tags"]) < 10
        and any(tag in one[1:] for one in drawn["tags"][:place])
    )
    field.fill(f" #{wanted.upper()}")
    found = [text.split()[0].removeprefix("#") for text in page.get_by_role("option").all_text_contents()]
    kinds = [0 if tag == wanted else 1 if tag.startswith(wanted) else 2 for tag in found]
    assert kinds == sorted(kinds)
    assert set(kinds) == {0, 1, 2}
    page.keyboard.press("Enter")
    expect(page.locator("#card h2")).to_have_text(f"#{wanted}")


def test_search_for_what_is_not_there_says_so(tab: Open, server: Running, drawn: Answer) -> None:
    page = opened(tab, server)
    nothing, field = page.locator("#nothing"), page.get_by_label("Search hashtags")
    field.fill("#no such Tag")
    expect(nothing).to_have_text("No hashtag like #nosuchtag on the map.")
    check_accessible(page)
    page.keyboard.press("Enter")
    expect(page.locator("#card")).to_be_hidden()
    field.fill("")
    expect(nothing).to_be_empty()
    page.evaluate("location.hash = 'nosuchtag'")
    expect(nothing).to_have_text("No hashtag like #nosuchtag on the map.")
    # What was told of another tag is not told any more.
    card = page.locator("#card")
    for enter in (False, True):
        page.evaluate("location.hash = 'yoga'")
        expect(card.locator("h2")).to_have_text("#yoga")
        page.evaluate("history.replaceState(null, '', '#')")
        field.fill("nosuchtag")
        if enter:
            page.keyboard.press("Enter")
        expect(nothing).to_have_text("No hashtag like #nosuchtag on the map.")
        expect(card).to_be_hidden()
    # The map has one inflection of each tag; the service knows them all.
    assert "squats" not in drawn["tags"]
    field.fill("squats")
    expect(page.get_by_role("option")).to_contain_text("#squat ")
    expect(nothing).to_be_empty()


def test_enter_takes_an_inflection_before_a_completion(tab: Open, server: Running, drawn: Answer) -> None:
    """ "dancing" is `dance`, not a tag that begins with it."""
    known = set(drawn["tags"])
    longer = next(tag for tag in drawn["tags"] if tag.startswith("dancing"))
    assert "dancing" not in known
    asked = server.client.get("/v1/tags/dancing/neighbours", params={"k": 1}).json()
    page = opened(tab, server)
    page.get_by_label("Search hashtags").fill("dancing")
    expect(page.get_by_role("option").first).to_contain_text(f"#{longer} ")
    page.keyboard.press("Enter")
    expect(page.locator("#card h2")).to_have_text(f"#{asked['plus'][0]['tag']}")
    expect(page.get_by_role("option")).to_have_count(0)
    # What is no tag in any inflection is completed, and so is what is selected.
    page.get_by_label("Search hashtags").fill("yog")
    page.keyboard.press("Enter")
    expect(page.locator("#card h2")).to_have_text("#yoga")
    page.get_by_label("Search hashtags").fill("dancing")
    page.keyboard.press("ArrowDown")
    page.keyboard.press("Enter")
    expect(page.locator("#card h2")).to_have_text(f"#{longer}")


@pytest.mark.parametrize("screen", [PHONE, SMALL_PHONE], ids=["phone", "small phone"])
def test_zoom_buttons_are_free_when_nothing_is_found(
    tab: Open, server: Running, drawn: Answer, screen: dict[str, Any]
) -> None:
    page = opened(tab, server, **screen)
    page.get_by_label("Search hashtags").fill("nosuchtag")
    expect(page.locator("#nothing")).not_to_be_empty()
    for name in ("Zoom in", "Zoom out", "Show the whole map"):
        page.get_by_role("button", name=name).tap(timeout=5_000)


def test_neighbours_are_those_that_the_service_tells_in_any_inflection(
    tab: Open, server: Running, drawn: Answer
) -> None:
    tags = set(drawn["tags"])
    for tag in drawn["tags"][::40]:
        neighbours = server.client.get(f"/v1/tags/{tag}/neighbours", params={"k": 8}).json()["neighbours"]
        inflected = next((one["tag"] for one in neighbours if one["tag"] not in tags), None)
        if inflected is not None:
            break
    assert inflected is not None
    page = opened(tab, server, f"#{tag}")
    plane, card = page.locator("#plane"), page.locator("#card")
    expect(card.locator(".chip")).to_have_count(8)
    # Pointed at, not picked.
    plane.press("Escape")
    expect(card).to_be_hidden()
    box = plane.bounding_box()
    assert box is not None
    page.mouse.move(box["x"] + box["width"] / 2, box["y"] + box["height"] / 2)
    expect(card.locator("h2")).to_have_text(f"#{tag}")
    expect(card.locator(".chip:enabled")).to_have_text([f"#{one['tag']}" for one in neighbours])
    asked = server.client.get(f"/v1/tags/{inflected}/neighbours", params={"k": 1}).json()
    card.get_by_role("button", name=f"#{inflected}", exact=True).click()
    expect(card.locator("h2")).to_have_text(f"#{asked['plus'][0]['tag']}")


def test_service_that_cannot_tell_neighbours(tab: Open, server: Running, drawn: Answer) -> None:
    page = opened(tab, server)
    page.route("**/neighbours?*", lambda route: route.fulfill(status=503, json={"detail": "Stopping."}))
    page.evaluate("location.hash = 'yoga'")
    expect(page.locator("#card li")).to_have_text("Stopping.")


def test_regions_are_named_after_what_is_there(tab: Open, server: Running, drawn: Answer) -> None:
    """Each after one of its most used tags, in the place of that tag."""
    page = tab(server.address, reduced_motion="reduce")
    page.add_init_script(
        """window.written = [];
        const write = CanvasRenderingContext2D.prototype.fillText;
        CanvasRenderingContext2D.prototype.fillText = function (text, x, y) {
            window.written.push({text, x, y});
            write.call(this, text, x, y);
        };"""
    )
    page.goto("/map")
    page.wait_for_selector("html[data-ready]")
    page.wait_for_function("() => window.written.length > 0")
    wide, high = page.evaluate(
        "() => [document.querySelector('#plane').clientWidth, document.querySelector('#plane').clientHeight]"
    )
    scale = min(wide, high) * 0.94 / 65535
    names = page.evaluate("window.written")
    assert len(names) > len(drawn["regions"]) / 2
    for name in names:
        index = drawn["tags"].index(name["text"])
        rank = sum(region == drawn["region"][index] for region in drawn["region"][:index])
        assert rank < 20, name
        # The sheet that it is written on is twice as large as the window.
        x = (drawn["x"][index] - 65535 / 2) * scale + wide
        y = (drawn["y"][index] - 65535 / 2) * scale + high
        assert abs(name["x"] - x) < 1, name
        assert 0 < y - name["y"] < 16, name
        # Nearer to the middle of its region than to that of most others.
        away = sorted(
            (math.dist((drawn["x"][index], drawn["y"][index]), (region["x"], region["y"])), number)
            for number, region in enumerate(drawn["regions"])
        )
        assert drawn["region"][index] in [number for _, number in away[:3]], name
    assert len({drawn["region"][drawn["tags"].index(name["text"])] for name in names}) == len(names)


def test_names_at_the_edge_of_a_phone_are_whole(tab: Open, server: Running, drawn: Answer) -> None:
    page = tab(server.address, reduced_motion="reduce", **SMALL_PHONE)
    page.add_init_script(
        """window.written = [];
        const write = CanvasRenderingContext2D.prototype.fillText;
        CanvasRenderingContext2D.prototype.fillText = function (text, x, y) {
            const half = this.measureText(text).width / 2, left = document.querySelector('#plane').clientWidth / 2;
            window.written.push([x - half - left, x + half - left]);
            write.call(this, text, x, y);
        };"""
    )
    page.goto("/map")
    page.wait_for_selector("html[data-ready]")
    page.wait_for_function("() => window.written.length > 0")
    spans = page.evaluate("window.written")
    wide = page.evaluate("document.querySelector('#plane').clientWidth")
    assert len(spans) > 5
    assert all(left >= 0 and right <= wide for left, right in spans), spans


def test_searching_is_quick(tab: Open, server: Running) -> None:
    page = opened(tab, server)
    milliseconds = page.evaluate(
        """async () => {
            const {search} = await import("./web/map.js");
            const start = performance.now();
            for (const text of ["a", "love", "zzzz", "nothing like it"]) search(text);
            return (performance.now() - start) / 4;
        }"""
    )
    assert milliseconds < 50  # a hundredth of it where nothing else runs


def test_pointing_at_a_tag_names_it(tab: Open, server: Running, drawn: Answer) -> None:
    page = opened(tab, server, "#yoga")
    box = page.locator("#plane").bounding_box()
    assert box is not None
    page.keyboard.press("Escape")
    page.locator("#plane").focus()
    page.keyboard.press("Escape")
    expect(page.locator("#card")).to_be_hidden()
    page.mouse.move(box["x"] + box["width"] / 2, box["y"] + box["height"] / 2)
    expect(page.locator("#card h2")).to_have_text("#yoga")


def test_keys_move_and_zoom_it(tab: Open, server: Running) -> None:
    page = opened(tab, server)
    page.locator("#plane").focus()
    for key in ("+", "ArrowRight", "ArrowDown", "-", "0"):
        before = page.evaluate("document.querySelector('#plane').toDataURL()")
        page.keyboard.press(key)
        page.wait_for_function("before => document.querySelector('#plane').toDataURL() !== before", arg=before)
    page.keyboard.press("Enter")
    expect(page.locator("#card h2")).to_contain_text("#")


def test_dragging_and_wheel_move_and_zoom_it(tab: Open, server: Running, drawn: Answer) -> None:
    page = opened(tab, server, "#yoga")
    expect(page.locator("#card h2")).to_have_text("#yoga")
    box = page.locator("#plane").bounding_box()
    assert box is not None
    x, y = box["x"] + box["width"] / 2, box["y"] + box["height"] / 2
    # The tag follows the pointer, and stays under it while zooming; a tap takes it again.
    page.mouse.move(x, y)
    page.mouse.down()
    page.mouse.move(x + 60, y - 40, steps=4)
    page.mouse.up()
    page.mouse.move(x + 60, y - 40)
    page.mouse.wheel(0, -300)
    page.wait_for_timeout(300)
    page.locator("#plane").press("Escape")
    expect(page.locator("#card")).to_be_hidden()
    page.mouse.click(x + 60, y - 40)
    expect(page.locator("#card h2")).to_have_text("#yoga")


def test_the_last_clip_and_what_was_chosen_are_on_it(tab: Open, server: Running, sure: Answer, made: "Path") -> None:
    page = tab(server.address, reduced_motion="reduce")
    answered(page, sure)
    page.goto("/")
    page.set_input_files("#file", made)
    page.get_by_role("button", name="#beach 0").click()
    with page.context.expect_page() as other:
        page.get_by_role("link", name="Map of all hashtags").click()
    page = other.value
    page.wait_for_selector("html[data-ready]")
    assert json.loads(page.evaluate("sessionStorage.getItem('clip')")) == {
        "name": "made.webm",
        "place": sure["place"],
        "tags": ["beach"],
    }
    page.wait_for_timeout(200)
    # The ring around the clip, in the middle of the map.
    ring = """() => {
        const canvas = document.querySelector('#plane');
        const {data} = canvas.getContext('2d').getImageData(canvas.width / 2 - 20, canvas.height / 2 - 20, 40, 40);
        let count = 0;
        for (let at = 0; at < data.length; at += 4) {
            count += data[at] === 179 && data[at + 1] === 38 && data[at + 2] === 30;
        }
        return count;
    }"""
    assert page.evaluate(ring) > 50


def touch(page: "Page", *steps: list[tuple[float, float]]) -> None:
    """Put fingers down, move them in steps, and take them away."""
    session = page.context.new_cdp_session(page)
    for number, fingers in enumerate(steps):
        points = [{"x": x, "y": y, "id": finger} for finger, (x, y) in enumerate(fingers)]
        session.send(
            "Input.dispatchTouchEvent", {"type": "touchMove" if number else "touchStart", "touchPoints": points}
        )
    session.send("Input.dispatchTouchEvent", {"type": "touchEnd", "touchPoints": []})


def test_fingers_move_zoom_and_pick(tab: Open, server: Running, drawn: Answer) -> None:
    page = opened(tab, server, "#yoga", **PHONE)
    card = page.locator("#card")
    expect(card.locator(".chip")).to_have_count(8)
    card.get_by_role("button", name="Close").tap()
    expect(card).to_be_hidden()
    box = page.locator("#plane").bounding_box()
    assert box is not None
    x, y = box["x"] + box["width"] / 2, box["y"] + box["height"] / 2
    # One finger drags: the tag is where the finger is.
    touch(page, *[[(x + 14 * step, y - 20 * step)] for step in range(6)])
    x, y = x + 70, y - 100
    expect(card).to_be_hidden()
    page.touchscreen.tap(x, y)
    expect(card.locator("h2")).to_have_text("#yoga")
    expect(card.locator(".chip")).to_have_count(8)
    card.get_by_role("button", name="Close").tap()
    # Two fingers zoom around what is between them; other tags are then far enough away to be tapped apart.
    before = page.evaluate("document.querySelector('#plane').toDataURL()")
    touch(page, *[[(x - 30 - 8 * step, y), (x + 30 + 8 * step, y)] for step in range(9)])
    page.wait_for_function("before => document.querySelector('#plane').toDataURL() !== before", arg=before)
    expect(card).to_be_hidden()  # a pinch picks nothing
    page.touchscreen.tap(x, y)
    expect(card.locator("h2")).to_have_text("#yoga")


def test_what_is_tapped_stays_in_view_above_the_card(tab: Open, server: Running, drawn: Answer) -> None:
    page = opened(tab, server, "#yoga", **SMALL_PHONE)
    card, plane = page.locator("#card"), page.locator("#plane")
    expect(card.locator(".chip")).to_have_count(8)
    card.get_by_role("button", name="Close").tap()
    expect(card).to_be_hidden()
    box = plane.bounding_box()
    assert box is not None
    # Drag it down to where the card will be.
    x, y = box["x"] + box["width"] / 2, box["y"] + box["height"] / 2
    low = box["y"] + box["height"] - 30
    touch(page, *[[(x, y + (low - y) * step / 5)] for step in range(6)])
    page.touchscreen.tap(x, low)
    expect(card.locator("h2")).to_have_text("#yoga")
    expect(card.locator(".chip")).to_have_count(8)
    left = plane.bounding_box()
    assert left is not None
    assert left["height"] < box["height"]
    page.touchscreen.tap(x, left["y"] + left["height"] - 22)
    expect(card.locator("h2")).to_have_text("#yoga")


def test_model_without_a_map(tab: Open, server: Running) -> None:
    page = tab(server.address)
    problem = {"code": "no_map", "detail": "This model has no map of its tags.", "title": "", "status": 404}
    page.route("**/v1/map", lambda route: route.fulfill(status=404, json=problem))
    page.goto("/map")
    expect(page.locator("#offline")).to_have_text("This model has no map of its tags.")
    check_accessible(page)
