"""The page and the documentation, as a person sees them in a browser."""

import re
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from tests.clips import write
from tests.service.running import Running

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page


@pytest.fixture
def page(browser: "Browser", server: Running) -> "Iterator[Page]":
    """The page in a tab of its own, which must meet no error of script and ask nobody but the service."""
    context = browser.new_context(base_url=server.address, viewport={"width": 900, "height": 1000})
    tab = context.new_page()
    errors: list[str] = []
    tab.on("pageerror", lambda error: errors.append(str(error)))
    tab.on("requestfailed", lambda request: errors.append(f"{request.url}: {request.failure}"))
    elsewhere: list[str] = []
    tab.on(
        "request",
        lambda request: (
            None if request.url.startswith((server.address, "data:", "blob:")) else elsewhere.append(request.url)
        ),
    )
    yield tab
    context.close()
    assert errors == []
    assert elsewhere == []


def test_clip_is_chosen_and_hashtags_are_shown(page: "Page", server: Running, clips: Path) -> None:
    from playwright.sync_api import expect

    clip = write(clips / "chosen.webm")
    expected = [found["tag"] for found in server.suggest(clip.read_bytes()).json()["hashtags"]]
    page.goto("/")
    expect(page.locator("#limits")).to_contain_text("at most 60 s and 64 MiB")
    page.set_input_files("#file", clip)
    tags = page.locator("#tags button")
    expect(tags).to_have_count(15, timeout=60_000)
    assert [text.split()[0] for text in tags.all_inner_texts()] == [f"#{tag}" for tag in expected]
    expect(page.locator("#state")).to_contain_text("15 hashtags")
    expect(page.locator("video")).to_be_visible()
    assert page.evaluate("document.querySelector('video').readyState") >= 2
    page.get_by_text("Details").click()
    expect(page.locator("#facts")).to_contain_text("160 × 120, 30 frames")


def test_what_is_unsure_looks_unsure(page: "Page", server: Running, clips: Path) -> None:
    from playwright.sync_api import expect

    clip = write(clips / "unsure.mp4")
    answer = server.suggest(clip.read_bytes()).json()
    assert not answer["confident"]  # drifting blobs
    page.goto("/")
    page.set_input_files("#file", clip)
    tags = page.locator("#tags button")
    expect(tags).to_have_count(15, timeout=60_000)
    colour = "button => getComputedStyle(button).backgroundColor"
    assert tags.nth(0).evaluate(colour) == tags.nth(1).evaluate(colour)
    page.locator("#copy").click()
    expect(page.locator("#warnings")).to_contain_text("not sure about this clip")


def test_file_that_is_no_clip_is_refused_in_words(page: "Page", clips: Path) -> None:
    from playwright.sync_api import expect

    bad = clips / "bad.mp4"
    bad.write_bytes(b"no clip at all")
    page.goto("/")
    page.set_input_files("#file", bad)
    state = page.locator("#state")
    expect(state).to_have_class("bad", timeout=60_000)
    expect(state).to_contain_text("video")
    expect(page.locator("#answer")).to_be_hidden()
    # The next clip makes up for it.
    page.set_input_files("#file", write(clips / "next.mp4"))
    expect(page.locator("#tags button")).to_have_count(15, timeout=60_000)
    expect(state).not_to_have_class("bad")


def test_clip_is_dropped_onto_the_page(page: "Page", clips: Path) -> None:
    from playwright.sync_api import expect

    content = list(write(clips / "dropped.mp4").read_bytes())
    page.goto("/")
    page.evaluate(
        """content => {
            const carried = new DataTransfer();
            carried.items.add(new File([new Uint8Array(content)], "dropped.mp4", {type: "video/mp4"}));
            document.dispatchEvent(new DragEvent("drop", {dataTransfer: carried, cancelable: true}));
        }""",
        content,
    )
    expect(page.locator("#tags button")).to_have_count(15, timeout=60_000)


def test_documentation_is_whole_without_the_internet(page: "Page") -> None:
    from playwright.sync_api import expect

    page.goto("/")
    page.get_by_role("link", name="API").click()
    expect(page.get_by_text("/v1/hashtags", exact=True)).to_be_visible(timeout=30_000)


def test_page_needs_nothing_from_elsewhere(server: Running) -> None:
    page = server.client.get("/")
    assert page.headers["content-type"].startswith("text/html")
    assert "default-src 'none'" in page.headers["content-security-policy"]
    links = re.findall(r"""(?:src|href)=["']([^"']+)""", page.text)
    assert not [link for link in links if re.match("https?:|//", link)]
