"""Sending clips: chosen, dropped or filmed, and what is told on the way and when something goes wrong."""

from pathlib import Path
from typing import TYPE_CHECKING

from playwright.sync_api import expect

from tests.clips import drifting, write
from tests.service.running import Running
from tests.service.web.conftest import (
    Answer,
    Open,
    answered,
    check_accessible,
    chips,
    limited,
    send,
    tags,
    wait_for_answer,
)

if TYPE_CHECKING:
    from playwright.sync_api import Route


def test_clips_are_chosen_in_a_row_and_looked_at_in_turn(tab: Open, server: Running, clips: Path, made: Path) -> None:
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


def test_failed_clips_are_counted_and_marked(tab: Open, server: Running, sure: Answer, made: Path, clips: Path) -> None:
    page = tab(server.address)
    problem = {"code": "worker_died", "detail": " ".join(["It crashed a worker."] * 9)}

    def answer(route: "Route") -> None:
        good = not seen
        seen.append(good)
        route.fulfill(json=sure if good else problem, status=200 if good else 503)

    seen: list[bool] = []
    page.route("**/v1/hashtags?*", answer)
    send(page, made, write(clips / "one.webm"), write(clips / "two.webm"))
    expect(page.locator("#failures")).to_have_text("2 of 3 failed.")
    words = page.locator("#clips small")
    colours = [one.evaluate("one => getComputedStyle(one).color") for one in words.all()]
    bad = page.locator("#failures").evaluate("one => getComputedStyle(one).color")
    assert [colour == bad for colour in colours] == [False, True, True]
    # What does not fit ends with an ellipsis, after whole lines.
    expect(words.nth(1)).to_have_css("-webkit-line-clamp", "2")
    assert words.nth(1).evaluate("one => one.scrollHeight > one.clientHeight")
    check_accessible(page)
    page.locator("#clips button").nth(1).click()
    expect(page.locator("#state")).to_contain_text(problem["detail"])
    check_accessible(page)
    page.unroute("**/v1/hashtags?*")
    answered(page, sure)
    page.get_by_role("button", name="Try again").click()
    expect(page.locator("#failures")).to_have_text("1 of 3 failed.")


def test_clip_is_dropped_and_one_that_is_none_is_refused_in_words(tab: Open, server: Running, made: Path) -> None:
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
    page = tab(server.address, permissions=["camera"])
    page.goto("/")
    page.get_by_role("button", name="Film a clip").click()
    expect(page.locator("#camera-dialog")).to_be_visible()
    page.wait_for_function("() => document.querySelector('#viewfinder').videoWidth > 0")
    check_accessible(page)
    page.get_by_role("button", name="Record").click()
    expect(page.get_by_role("button", name="Stop")).to_be_visible()
    begun = page.evaluate("document.querySelector('#viewfinder').currentTime")
    page.wait_for_function("begun => document.querySelector('#viewfinder').currentTime > begun + 1", arg=begun)
    page.get_by_role("button", name="Stop").click()
    expect(page.locator("#name")).to_contain_text("filmed at")
    wait_for_answer(page)
    assert chips(page).count() == 15


def test_clip_with_too_many_bytes_is_not_sent(
    tab: Open, server: Running, info: Answer, sure: Answer, made: Path
) -> None:
    page = tab(server.address)
    limited(page, info, max_bytes=2**10)
    asked = answered(page, sure)
    send(page, made)
    expect(page.locator("#state")).to_contain_text("the limit is 0.0 MiB")
    assert asked == []


def test_progress_is_told_and_the_request_can_be_cancelled(
    tab: Open, server: Running, sure: Answer, clips: Path
) -> None:
    page = tab(server.address)
    state, place = page.locator("#state"), {"state": "waiting", "place": 2, "stage": None}
    page.route("**/v1/requests/*", lambda route: route.fulfill(json=place | {"request_id": "any"}))
    with server.held():
        send(page, write(clips / "not_seen_before.mp4", drifting(20)))
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


def test_errors_are_told_in_words(tab: Open, server: Running, made: Path) -> None:
    page = tab(server.address)
    answers = [
        (413, "<html>413 Request Entity Too Large</html>", "too large for a proxy in front of the service"),
        (502, "<html>Bad Gateway</html>", "The service did not answer"),
        (418, "<html>teapot</html>", "an error (418)"),
        (200, "<html>login</html>", "not valid JSON"),
        (503, '{"detail": "It crashed a worker.", "code": "worker_died"}', "It crashed a worker."),
    ]
    coming = iter(answers)

    def answer(route: "Route") -> None:
        status, body, _ = next(coming)
        route.fulfill(status=status, body=body, content_type="text/html")

    page.route("**/v1/hashtags?*", answer)
    send(page, made)
    for number, (_, _, words) in enumerate(answers):
        if number:
            page.get_by_role("button", name="Try again").click()
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


def test_key_is_asked_for_and_forgotten(tab: Open, keyed: Running, sure: Answer, made: Path) -> None:
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


def test_documentation_is_whole_without_the_internet(tab: Open, server: Running) -> None:
    page = tab(server.address)
    page.goto("/")
    page.get_by_role("link", name="API").click()
    expect(page.get_by_text("/v1/hashtags", exact=True)).to_be_visible(timeout=30_000)
