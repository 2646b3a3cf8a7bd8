"""Why a hashtag was suggested, and when in the clip."""

import re
from pathlib import Path

from playwright.sync_api import expect

from tests.service.running import Running
from tests.service.web.conftest import Answer, Open, answered, check_accessible, send, wait_for_answer


def test_the_service_says_why(tab: Open, server: Running, made: Path) -> None:
    page = tab(server.address)
    send(page, made)
    wait_for_answer(page)
    first = server.suggest(made.read_bytes(), explain=True, k=1).json()["hashtags"][0]
    because = [reason for reason in first["because"] if reason["share"] >= 0.01]
    if not page.locator("#sure .chip").count():
        page.locator("#less-title").click()
    page.get_by_role("button", name=re.compile(rf"Why #{first['tag']}\b")).click()
    reasons = page.locator("#why .reasons li")
    expect(reasons.filter(has_not_text="Other reasons")).to_have_count(len(because))
    for place, reason in enumerate(because):
        expect(reasons.nth(place)).to_contain_text(reason["name"])
        percent = int(reasons.nth(place).locator("small").inner_text().removesuffix(" %"))
        assert abs(percent - 100 * reason["share"]) < 1
    expect(page.locator("#why .moments button")).to_have_count(len(first["moments"]))
    check_accessible(page)


def test_reasons_are_told_and_shown_in_the_clip(tab: Open, server: Running, sure: Answer, made: Path) -> None:
    page = tab(server.address, reduced_motion="reduce")
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


SHARES = {
    "surfing": ([0.5, 0.4958, 0.0042], ["50 %", "50 %"]),
    "beach": ([0.333, 0.333, 0.334], ["33 %", "33 %", "34 %"]),
    "sea": ([0.905, 0.0752, 0.009, 0.0072, 0.0036], ["90 %", "8 %", "2 %"]),  # the last is all others
    "summer": ([0.4544, 0.4544, 0.0304, 0.0304, 0.0304], ["46 %", "45 %", "3 %", "3 %", "3 %"]),
    "travel": ([1.0], ["100 %"]),
}
"""Shares of reasons, and what is told of them."""


def test_percentages_are_none_of_nothing_and_sum_to_all(tab: Open, server: Running, sure: Answer, made: Path) -> None:
    for hashtag in sure["hashtags"]:
        shares, _ = SHARES.get(hashtag["tag"], ([], []))
        hashtag["because"] = [{"kind": "seen", "name": f"thing {share}", "share": share} for share in shares]
        hashtag["moments"] = [
            {"start_s": start, "end_s": start + 1.0, "share": share}
            for start, share in enumerate([0.9951, 0.0049, 0.0])
        ]
    page = tab(server.address)
    answered(page, sure)
    send(page, made)
    for tag, (shares, told) in SHARES.items():
        page.get_by_role("button", name=f"Why #{tag}?").click()
        assert page.locator("#why .reasons small").all_text_contents() == told
        assert [one.get_attribute("aria-label") for one in page.locator("#why meter").all()] == told
        rest = page.locator("#why .reasons li", has_text="Other reasons")
        expect(rest).to_have_count(len(told) - sum(share >= 0.01 for share in shares))
        labels = [one.get_attribute("aria-label") or "" for one in page.locator("#why .moments button").all()]
        assert [label.partition(": ")[2] for label in labels] == ["over 99 %", "under 1 %", "under 1 %"]
        assert page.locator("#why .moments small").all_text_contents() == ["0", "1", "2"]
    # One reason alone: its bar, all of it in colour, goes up to its number.
    bar, number = page.locator("#why meter").bounding_box(), page.locator("#why .reasons small").bounding_box()
    assert bar is not None
    assert number is not None
    assert 0 < number["x"] - bar["x"] - bar["width"] < 16
    assert page.locator("#why meter").evaluate("({value, max}) => value / max") == 1
