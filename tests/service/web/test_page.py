"""The page, as a person uses it: on a phone, at a desk, by keyboard, and when something goes wrong."""

import re
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from tests.clips import write
from tests.conftest import PLAIN_HOST
from tests.service.running import Running
from tests.service.web.conftest import PHONE, Answer, Open, answered, check_accessible

if TYPE_CHECKING:
    from playwright.sync_api import Locator, Page, Route

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


def chips(page: "Page") -> "Locator":
    return page.locator("#sure .chip, #unsure .chip")


def tags(found: "Locator") -> list[str]:
    return [text.split()[0] for text in found.all_text_contents()]


def wait_for_answer(page: "Page") -> None:
    from playwright.sync_api import expect

    expect(page.locator("#answer")).to_be_visible()


def send(page: "Page", *clips: Path) -> None:
    page.goto("/")
    page.wait_for_function("() => document.getElementById('limits').textContent.includes('MiB')")
    page.set_input_files("#file", list(clips))


# Real clips, really answered


def test_the_service_says_why(tab: Open, server: Running, made: Path) -> None:
    from playwright.sync_api import expect

    page = tab(server.address)
    send(page, made)
    wait_for_answer(page)
    first = server.suggest(made.read_bytes(), explain=True, k=1).json()["hashtags"][0]
    if not page.locator("#sure .chip").count():
        page.locator("#less-title").click()
    page.get_by_role("button", name=re.compile(rf"Why #{first['tag']}\b")).click()
    reasons = page.locator("#why .reasons li")
    expect(reasons).to_have_count(len(first["because"]))
    for place, reason in enumerate(first["because"]):
        expect(reasons.nth(place)).to_contain_text(reason["name"])
        expect(reasons.nth(place)).to_contain_text(f"{100 * reason['share']:.0f} %")
    expect(page.locator("#why .moments button")).to_have_count(len(first["moments"]))
    check_accessible(page)


def test_clips_are_chosen_in_a_row_and_looked_at_in_turn(tab: Open, server: Running, clips: Path, made: Path) -> None:
    from playwright.sync_api import expect

    other = write(clips / "other.mp4")
    expected = {found["tag"] for found in server.suggest(made.read_bytes()).json()["hashtags"]}
    page = tab(server.address)
    send(page, made, other)
    expect(page.locator("#limits")).to_contain_text("at most 60 s and 64 MiB")
    listed = page.locator("#clips button")
    expect(listed).to_have_count(2)
    expect(listed.nth(1)).to_contain_text("hashtags in")
    assert {tag.removeprefix("#") for tag in tags(chips(page))} == expected
    assert page.evaluate("document.querySelector('#video').readyState") >= 2
    page.get_by_text("Details").click()
    expect(page.locator("#facts")).to_contain_text("160 × 120, 30 frames")
    if not page.locator("#sure .chip").count():
        page.locator("#less-title").click()
    chips(page).first.click()
    listed.nth(1).click()
    expect(page.locator("#name")).to_have_text("other.mp4")
    expect(page.locator("#chosen li")).to_have_count(0)
    page.get_by_role("button", name="made.webm").click()
    expect(page.locator("#chosen li")).to_have_count(1)


def test_clip_is_dropped_and_one_that_is_none_is_refused_in_words(tab: Open, server: Running, made: Path) -> None:
    from playwright.sync_api import expect

    page = tab(server.address)
    page.goto("/")
    drop = """content => {
        const carried = new DataTransfer();
        carried.items.add(new File([new Uint8Array(content)], "dropped.webm", {type: "video/webm"}));
        document.dispatchEvent(new DragEvent("drop", {dataTransfer: carried, cancelable: true}));
    }"""
    page.evaluate(drop, list(b"no clip at all"))
    state = page.locator("#state")
    expect(state).to_have_class("bad")
    expect(state).to_contain_text("video")
    expect(page.locator("#answer")).to_be_hidden()
    check_accessible(page)
    page.evaluate(drop, list(made.read_bytes()))
    wait_for_answer(page)
    expect(state).not_to_have_class("bad")


def test_clip_is_filmed(tab: Open, server: Running) -> None:
    from playwright.sync_api import expect

    page = tab(server.address, permissions=["camera"])
    page.goto("/")
    page.get_by_role("button", name="Film a clip").click()
    expect(page.locator("#camera-dialog")).to_be_visible()
    page.wait_for_function("() => document.querySelector('#viewfinder').videoWidth > 0")
    check_accessible(page)
    page.get_by_role("button", name="Record").click()
    page.wait_for_function("() => document.querySelector('#viewfinder').currentTime > 1.5")
    page.get_by_role("button", name="Stop").click()
    expect(page.locator("#name")).to_contain_text("filmed at")
    wait_for_answer(page)
    assert chips(page).count() == 15


def test_documentation_is_whole_without_the_internet(tab: Open, server: Running) -> None:
    from playwright.sync_api import expect

    page = tab(server.address)
    page.goto("/")
    page.get_by_role("link", name="API").click()
    expect(page.get_by_text("/v1/hashtags", exact=True)).to_be_visible(timeout=30_000)


# Before the upload


def limited(page: "Page", info: Answer, **limits: Any) -> None:
    page.route("**/v1/info", lambda route: route.fulfill(json=info | {"limits": info["limits"] | limits}))


def test_clip_that_is_too_long_is_trimmed(tab: Open, server: Running, info: Answer, made: Path) -> None:
    from playwright.sync_api import expect

    page = tab(server.address)
    limited(page, info, max_duration_s=0.6)
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url) if "v1/hashtags" in request.url else None)
    send(page, made)
    expect(page.locator("#trimmer")).to_be_visible()
    expect(page.locator("#trim-why")).to_contain_text("1.0 s long; the limit is 0.6 s")
    assert asked == []
    check_accessible(page)
    page.locator("#end").fill("0.9")
    assert page.locator("#start").input_value() == "0.3"
    page.locator("#start").focus()
    page.keyboard.press("ArrowRight")
    page.get_by_role("button", name="for this part").click()
    wait_for_answer(page)
    (address,) = asked
    assert {"start=0.4", "end=0.9"} <= set(address.partition("?")[2].split("&"))
    page.get_by_text("Details").click()
    expect(page.locator("#facts")).to_contain_text("0.5 s, 160 × 120, 15 frames")


def test_length_that_the_browser_cannot_tell_is_told_by_the_service(
    tab: Open, server: Running, sure: Answer, clips: Path
) -> None:
    from playwright.sync_api import expect

    page = tab(server.address)
    problem = {"code": "clip_too_long", "detail": "The clip is too long.", "title": "Clip too long", "status": 422}
    asked: list[str] = []

    def answer(route: "Route") -> None:
        asked.append(route.request.url)
        route.fulfill(json=sure if "end=" in route.request.url else problem, status=200 if "end=" in asked[-1] else 422)

    page.route("**/v1/hashtags?*", answer)
    send(page, write(clips / "unplayable.avi"))
    expect(page.locator("#trimmer")).to_be_visible()
    expect(page.locator("#video")).to_be_hidden()
    page.get_by_role("button", name="for this part").click()
    wait_for_answer(page)
    assert asked[1].endswith("start=0&end=60")


def test_clip_with_too_many_bytes_is_not_sent(
    tab: Open, server: Running, info: Answer, sure: Answer, made: Path
) -> None:
    from playwright.sync_api import expect

    page = tab(server.address)
    limited(page, info, max_bytes=2**10)
    asked = answered(page, sure)
    send(page, made)
    expect(page.locator("#state")).to_contain_text("the limit is 0.0 MiB")
    assert asked == []


# On the way


def test_progress_is_told_and_the_request_can_be_cancelled(
    tab: Open, server: Running, sure: Answer, clips: Path, slow_clip: bytes
) -> None:
    from playwright.sync_api import expect

    page = tab(server.address)
    state, place = page.locator("#state"), {"state": "waiting", "place": 2, "stage": None}
    page.route("**/v1/requests/*", lambda route: route.fulfill(json=place | {"request_id": "any"}))
    send(page, clips / "slow.mp4")
    expect(state).to_have_text("Waiting: number 2 in the queue.")
    expect(page.locator("#progress")).to_be_visible()
    # The service knows the request by the ID that the page chose.
    page.unroute("**/v1/requests/*")
    expect(state).to_have_text("Analysing: motion and pictures …")
    check_accessible(page)
    page.get_by_role("button", name="Cancel").click()
    expect(state).to_have_text("Cancelled.")
    server.wait_until(lambda: not server.in_state("busy"))
    answered(page, sure)
    page.get_by_role("button", name="Try again").click()
    wait_for_answer(page)


@pytest.mark.parametrize(
    ("status", "body", "words"),
    [
        (413, "<html>413 Request Entity Too Large</html>", "too large for a proxy in front of the service"),
        (502, "<html>Bad Gateway</html>", "The service did not answer"),
        (418, "<html>teapot</html>", "an error (418)"),
        (200, "<html>login</html>", "not valid JSON"),
        (503, '{"detail": "It crashed a worker.", "code": "worker_died"}', "It crashed a worker."),
    ],
)
def test_errors_are_told_in_words(tab: Open, server: Running, made: Path, status: int, body: str, words: str) -> None:
    from playwright.sync_api import expect

    page = tab(server.address)
    page.route("**/v1/hashtags?*", lambda route: route.fulfill(status=status, body=body, content_type="text/html"))
    send(page, made)
    expect(page.locator("#state")).to_contain_text(words)
    expect(page.locator("#state")).to_have_class("bad")


def test_busy_service_is_asked_again(tab: Open, server: Running, sure: Answer, made: Path) -> None:
    page = tab(server.address)
    asked: list[Route] = []

    def answer(route: "Route") -> None:
        asked.append(route)
        if len(asked) == 1:
            route.fulfill(status=429, json={"code": "queue_full", "detail": "full"}, headers={"Retry-After": "1"})
        else:
            route.fulfill(json=sure)

    page.route("**/v1/hashtags?*", answer)
    send(page, made)
    wait_for_answer(page)
    assert len(asked) == 2


def test_offline_is_told(tab: Open, server: Running, sure: Answer, made: Path) -> None:
    from playwright.sync_api import expect

    page = tab(server.address)
    page.goto("/")
    expect(page.locator("#limits")).to_contain_text("MiB")
    page.context.set_offline(True)
    expect(page.locator("#offline")).to_have_text("You are offline.")
    page.set_input_files("#file", made)
    expect(page.locator("#state")).to_contain_text("You are offline")
    page.context.set_offline(False)
    expect(page.locator("#offline")).to_be_empty()
    answered(page, sure)
    page.get_by_role("button", name="Try again").click()
    wait_for_answer(page)


# Hashtags


def with_platforms(page: "Page") -> None:
    page.route("**/v1/platforms", lambda route: route.fulfill(json=PLATFORMS))


def test_hashtags_are_chosen_put_in_order_and_copied(
    tab: Open, server: Running, info: Answer, sure: Answer, made: Path
) -> None:
    from playwright.sync_api import expect

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
    from playwright.sync_api import expect

    page = tab(server.address)
    model = info["model"] | {"languages": ["en", "de"]}
    page.route("**/v1/info", lambda route: route.fulfill(json=info | {"model": model}))
    parameters = [{"name": name} for name in ("k", "hint", "language", "explain")]
    description = {"paths": {"/v1/hashtags": {"post": {"parameters": parameters}}}}
    page.route("**/openapi.json", lambda route: route.fulfill(json=description))
    asked = answered(page, sure)
    send(page, made)
    wait_for_answer(page)
    page.get_by_label("Language").select_option("de")
    page.get_by_label("Add your own").fill("kite")
    page.keyboard.press("Enter")
    page.get_by_role("button", name="Suggest again").click()
    expect(page.locator("#answer")).to_be_visible()
    assert len(asked) == 2
    assert "hint" not in asked[0].url
    assert {"hint=kite", "language=de", "explain=true"} <= set(asked[1].url.partition("?")[2].split("&"))
    assert page.locator("#chosen .handle").all_text_contents() == ["#kite"]


def test_what_is_unsure_looks_unsure(tab: Open, server: Running, unsure: Answer, made: Path) -> None:
    from playwright.sync_api import expect

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


def test_reasons_are_told_and_shown_in_the_clip(tab: Open, mapped: Running, sure: Answer, made: Path) -> None:
    from playwright.sync_api import expect

    page = tab(mapped.address, reduced_motion="reduce")
    answered(page, sure)
    send(page, made)
    wait_for_answer(page)
    drawn = """() => {
        const canvas = document.querySelector('#motion');
        return canvas.getContext('2d').getImageData(0, 0, canvas.width, canvas.height).data.some(one => one > 0);
    }"""
    page.wait_for_function("() => document.querySelector('#video').readyState >= 2")
    page.evaluate("document.querySelector('#video').currentTime = 0.2")
    page.wait_for_function(drawn)
    page.get_by_label("Show motion").uncheck()
    expect(page.locator("#motion")).to_be_hidden()
    page.get_by_role("button", name="Why #surfing?").click()
    why = page.locator("#why")
    expect(why).to_contain_text("clips of #surfing")
    expect(why).to_contain_text("Seen in the pictures: wave")
    expect(why).to_contain_text("70 %")
    neighbour = why.get_by_role("button", name=re.compile("^Add #")).first
    expect(neighbour).to_be_visible()
    check_accessible(page)
    neighbour.click()
    expect(page.locator("#chosen li")).to_have_count(1)
    why.get_by_role("button", name="0.5 to 1.0 s: 75 %").click()
    page.wait_for_function("() => document.querySelector('#video').currentTime >= 0.5")
    assert why.get_by_role("link").get_attribute("href") == "map#surfing"
    why.get_by_role("button", name="Close").click()
    expect(page.get_by_role("button", name="Why #surfing?")).to_be_focused()


# Keys


def test_key_is_asked_for_and_forgotten(tab: Open, keyed: Running, sure: Answer, made: Path) -> None:
    from playwright.sync_api import expect

    page = tab(keyed.address)
    page.goto("/")
    expect(page.locator("#keys")).to_be_visible()
    check_accessible(page)
    page.locator("#key").fill("wrong")
    page.keyboard.press("Enter")
    expect(page.locator("#key-problem")).to_have_text("This key is not valid.")
    page.locator("#key").fill("one")
    page.keyboard.press("Enter")
    expect(page.locator("#limits")).to_contain_text("MiB")
    # Links carry it.
    for name, text in (("Limits and model", '"max_bytes"'), ("API", "POST /v1/hashtags")):
        page.get_by_role("link", name=name).click()
        expect(page.locator("#reader-text")).to_contain_text(text)
        check_accessible(page)
        page.get_by_role("button", name="Close").click()
    asked = answered(page, sure)
    page.set_input_files("#file", made)
    wait_for_answer(page)
    assert asked[0].headers["authorization"] == "Bearer one"
    page.get_by_role("button", name="Forget the key").click()
    assert page.evaluate("sessionStorage.getItem('key')") is None
    page.reload()
    expect(page.locator("#keys")).to_be_visible()


# Other ways to use it


def test_phone(tab: Open, server: Running, sure: Answer, made: Path) -> None:
    from playwright.sync_api import expect

    page = tab(server.address, **PHONE)
    answered(page, sure)
    page.goto("/")
    expect(page.locator("#drop")).to_contain_text("Choose clips")
    expect(page.get_by_text("Drop clips")).to_be_hidden()
    check_accessible(page)
    # The phone's own camera.
    with page.expect_file_chooser() as chooser:
        page.get_by_role("button", name="Film a clip").tap()
    assert chooser.value.element.get_attribute("capture") == "environment"
    chooser.value.set_files(made)
    wait_for_answer(page)
    for tag in ("surfing", "beach"):
        page.get_by_role("button", name=f"#{tag} 0").tap()
    check_accessible(page)
    assert page.evaluate("document.documentElement.scrollWidth") <= 320
    small = [
        button.inner_text()
        for button in page.locator("button:visible").all()
        if (box := button.bounding_box()) and min(box["width"], box["height"]) < 24
    ]
    assert small == []


def test_keyboard_alone(tab: Open, server: Running, sure: Answer, made: Path) -> None:
    from playwright.sync_api import expect

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
    from playwright.sync_api import expect

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
