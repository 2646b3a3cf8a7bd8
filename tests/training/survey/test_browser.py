"""A person with a real browser, and a server that is killed while they rate."""

import signal
import socket
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest

from tests.clips import drifting, write
from training.survey.database import Answer, Database

START_S = 600
STEP_S = 120
"""Far longer than anything takes, also on a busy machine: a test that hangs must end."""
SUFFIXES = ("mp4", "webm", "avi", "mkv", "mov")


@pytest.fixture(scope="module")
def clips(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Ten clips in all containers, and a file that is not a clip."""
    folder = tmp_path_factory.mktemp("survey") / "clips"
    folder.mkdir()
    for number in range(10):
        write(folder / f"{number}.{SUFFIXES[number % 5]}", drifting(20, (96, 80), seed=number))
    (folder / "broken.mp4").write_bytes(b"nothing")
    return folder


class Server:
    """The command as users run it."""

    def __init__(self, clips: Path, database: Path, port: int) -> None:
        self.log = database.with_suffix(".log")
        command = [sys.executable, "-m", "commands.main", "survey", "--clips", clips, "--db", database]
        with self.log.open("ab") as log:
            self.process = subprocess.Popen(
                [*map(str, command), "--port", str(port), "--rater", "ann"],
                stdout=subprocess.PIPE,
                stderr=log,
                text=True,
            )
        assert self.process.stdout is not None
        name, _, self.link = self.process.stdout.readline().strip().partition("\t")
        assert name == "ann", self.log.read_text()

    def wait_until_prepared(self) -> None:
        began = time.monotonic()
        while "all clips are prepared" not in self.log.read_text():
            assert self.process.poll() is None, self.log.read_text()
            assert time.monotonic() - began < START_S, self.log.read_text()
            time.sleep(0.2)

    def kill(self) -> None:
        self.process.kill()
        self.process.wait()
        assert self.process.stdout is not None
        self.process.stdout.close()


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        return int(listener.getsockname()[1])


def until(condition: Any) -> None:
    began = time.monotonic()
    while not condition():
        assert time.monotonic() - began < STEP_S
        time.sleep(0.05)


class Person:
    """Someone at the page: what they said, and whether the clip ran."""

    def __init__(self, browser: Any, link: str) -> None:
        self.page = browser.new_context(viewport={"width": 390, "height": 844}).new_page()
        self.errors: list[str] = []
        self.page.set_default_timeout(STEP_S * 1000)
        self.page.on("pageerror", lambda error: self.errors.append(str(error)))
        self.page.goto(link)
        self.page.wait_for_selector("#rating:not([hidden]), #done:not([hidden])")

    @property
    def place(self) -> str:
        return str(self.page.inner_text("#place"))

    @property
    def clip(self) -> int:
        return int(self.page.evaluate("() => document.getElementById('clip').src").split("/")[-2])

    def plays(self) -> bool:
        return bool(self.page.evaluate("() => document.getElementById('clip').currentTime > 0.1"))

    def tags(self) -> list[str]:
        return [
            text.removeprefix("#")
            for text in self.page.eval_on_selector_all("#tags button", "(all) => all.map(b => b.lastChild.data)")
        ]

    def kept(self) -> list[str]:
        return [tag for tag, pressed in zip(self.tags(), self.pressed(), strict=True) if pressed == "true"]

    def pressed(self) -> list[str]:
        return list(self.page.eval_on_selector_all("#tags button", "(all) => all.map(b => b.ariaPressed)"))

    def tap(self, position: int) -> str:
        tag = self.tags()[position]
        self.page.locator("#tags button").nth(position).click()
        return tag

    def leave(self, button: str) -> None:
        before = self.place
        self.page.click(button)
        until(lambda: self.place != before)


@pytest.mark.timeout(2 * START_S)
def test_ten_clips_and_a_server_that_is_killed(browser: Any, clips: Path, tmp_path: Path) -> None:
    database, port = tmp_path / "survey.sqlite", free_port()
    server = Server(clips, database, port)
    try:
        server.wait_until_prepared()
        person = Person(browser, server.link)
        said: dict[int, Answer] = {}
        assert person.place == "Clip 1 of 10"
        assert person.tags()
        for number in range(4):
            until(person.plays)
            if number == 1:
                assert person.page.inner_text("#next") == "None fits"
                said[person.clip] = Answer("judged", [], [])
                person.leave("#next")
            elif number == 2:
                said[person.clip] = Answer("skipped", [], [])
                person.leave("#skip")
            else:
                kept = [person.tap(0), person.tap(7)]
                person.page.fill("#missing", "#My own Tag!")
                person.page.press("#missing", "Enter")
                until(lambda: "myowntag" in person.tags())
                said[person.clip] = Answer("judged", kept, ["myowntag"])
                person.leave("#next")

        # In the middle of the fifth clip the server dies; a tap after that waits in the page until it is back.
        fifth = person.clip
        kept = [person.tap(2)]
        with Database(database) as opened:
            ann = opened.raters()[0]
            until(lambda: opened.answer(ann, fifth).kept == kept)
        server.kill()
        kept.append(person.tap(5))
        until(lambda: "cannot be reached" in person.page.inner_text("#wrong"))
        encoded_before = server.log.read_text().count("survey: clips:")
        server = Server(clips, database, port)
        until(lambda: person.page.inner_text("#wrong") == "")
        server.wait_until_prepared()
        assert server.log.read_text().count("survey: clips:") == encoded_before  # nothing is encoded twice
        person.page.context.close()

        # They come back by their link, where they stopped.
        person = Person(browser, server.link)
        assert person.place == "Clip 5 of 10"
        assert person.clip == fifth
        assert sorted(person.kept()) == sorted(kept)
        said[fifth] = Answer("judged", kept, [])
        person.leave("#next")
        for _ in range(5):
            until(person.plays)
            tag = person.tags()[3]
            person.page.keyboard.press("4")
            until(lambda tag=tag: tag in person.kept())
            said[person.clip] = Answer("judged", [tag], [])
            before = person.place
            person.page.keyboard.press("Enter")
            until(lambda before=before: person.place != before)
        assert person.page.is_visible("#done")
        assert "rated 9 clips and skipped 1" in person.page.inner_text("#sum")
        assert person.errors == []
        person.page.context.close()
    finally:
        server.kill()

    with Database(database) as opened:
        assert len(said) == 10
        stored = {one.clip: one for one in opened.judged()}
        assert stored.keys() == said.keys()
        for clip, answer in said.items():
            found = stored[clip].answer
            assert (found.outcome, sorted(found.kept), found.added) == (
                answer.outcome,
                sorted(answer.kept),
                answer.added,
            )
            assert len(stored[clip].suggestions) == 15
        assert list(opened.failures()) == ["broken.mp4"]


def test_ctrl_c_ends_it(clips: Path, tmp_path: Path) -> None:
    server = Server(clips, tmp_path / "survey.sqlite", 0)
    server.process.send_signal(signal.SIGINT)
    try:
        assert server.process.wait(STEP_S) in (0, 130)
    finally:
        server.kill()
    assert "Traceback" not in server.log.read_text(), server.log.read_text()
