"""The map, as a person uses it."""

import json
from typing import TYPE_CHECKING, Any

import pytest

from tests.service.running import Running
from tests.service.web.conftest import PHONE, Answer, Open, answered, check_accessible

if TYPE_CHECKING:
    from pathlib import Path

    from playwright.sync_api import Page

INK = """() => {
    const canvas = document.querySelector('#plane');
    const pixels = new Uint32Array(canvas.getContext('2d').getImageData(0, 0, canvas.width, canvas.height).data.buffer);
    return pixels.filter(one => one !== pixels[0]).length;
}"""


@pytest.fixture(scope="module")
def drawn(mapped: Running) -> Answer:
    """The map as data."""
    found: Answer = mapped.client.get("/v1/map").json()
    return found


def opened(tab: Open, mapped: Running, fragment: str = "", **settings: Any) -> "Page":
    page = tab(mapped.address, **({"reduced_motion": "reduce"} | settings))
    page.goto(f"/map{fragment}")
    page.wait_for_selector("html[data-ready]")
    return page


def test_a_tag_is_found_and_its_neighbours_are_told(tab: Open, mapped: Running, drawn: Answer) -> None:
    from playwright.sync_api import expect

    page = opened(tab, mapped)
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
    neighbours = mapped.client.get(f"/v1/tags/{found[0]}/neighbours", params={"k": 8}).json()["neighbours"]
    chips = card.get_by_role("button")
    expect(chips).to_have_count(8)
    assert chips.all_text_contents() == [f"#{one['tag']}" for one in neighbours]
    check_accessible(page)
    chips.first.click()
    expect(card.get_by_role("heading")).to_have_text(f"#{neighbours[0]['tag']}")
    assert page.url.endswith(f"/map#{neighbours[0]['tag']}")


def test_searching_is_quick(tab: Open, mapped: Running) -> None:
    page = opened(tab, mapped)
    milliseconds = page.evaluate(
        """async () => {
            const {search} = await import("./web/map.js");
            const start = performance.now();
            for (const text of ["a", "love", "zzzz", "nothing like it"]) search(text);
            return (performance.now() - start) / 4;
        }"""
    )
    assert milliseconds < 50  # a hundredth of it where nothing else runs


def test_pointing_at_a_tag_names_it(tab: Open, mapped: Running, drawn: Answer) -> None:
    from playwright.sync_api import expect

    page = opened(tab, mapped, "#yoga")
    box = page.locator("#plane").bounding_box()
    assert box is not None
    page.keyboard.press("Escape")
    page.locator("#plane").focus()
    page.keyboard.press("Escape")
    expect(page.locator("#card")).to_be_hidden()
    page.mouse.move(box["x"] + box["width"] / 2, box["y"] + box["height"] / 2)
    expect(page.locator("#card h2")).to_have_text("#yoga")


def test_keys_move_and_zoom_it(tab: Open, mapped: Running) -> None:
    from playwright.sync_api import expect

    page = opened(tab, mapped)
    page.locator("#plane").focus()
    looks = [page.locator("#plane").screenshot()]
    for key in ("+", "ArrowRight", "ArrowDown", "-", "0"):
        page.keyboard.press(key)
        page.wait_for_timeout(250)
        looks.append(page.locator("#plane").screenshot())
        assert looks[-1] != looks[-2], key
    page.keyboard.press("Enter")
    expect(page.locator("#card h2")).to_contain_text("#")


def test_dragging_and_wheel_move_and_zoom_it(tab: Open, mapped: Running, drawn: Answer) -> None:
    from playwright.sync_api import expect

    page = opened(tab, mapped, "#yoga")
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


def test_the_last_clip_and_what_was_chosen_are_on_it(tab: Open, mapped: Running, sure: Answer, made: "Path") -> None:
    page = tab(mapped.address, reduced_motion="reduce")
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


def test_phone(tab: Open, mapped: Running) -> None:
    page = opened(tab, mapped, **PHONE)
    assert page.evaluate(INK) > 1000
    assert page.evaluate("document.documentElement.scrollWidth") <= 320
    check_accessible(page)


def test_model_without_a_map(tab: Open, server: Running) -> None:
    from playwright.sync_api import expect

    page = tab(server.address)
    problem = {"code": "no_map", "detail": "This model has no map of its tags.", "title": "", "status": 404}
    page.route("**/v1/map", lambda route: route.fulfill(status=404, json=problem))
    page.goto("/map")
    expect(page.locator("#offline")).to_have_text("This model has no map of its tags.")
    check_accessible(page)
