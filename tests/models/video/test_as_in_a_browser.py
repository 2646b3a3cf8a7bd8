"""Clips as Chromium records them, and sizes and times as it shows them."""

import base64
from collections.abc import Iterator
from fractions import Fraction
from pathlib import Path
from typing import TYPE_CHECKING

import av
import pytest

from models.video.demuxing import ROUNDING_S
from tests import clips
from tests.models.video.test_demuxing import write_gif

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page

_RECORD = """async type => {
  const canvas = document.createElement("canvas"), pen = canvas.getContext("2d"), parts = [];
  [canvas.width, canvas.height] = [160, 120];
  const recorder = new MediaRecorder(canvas.captureStream(), {mimeType: type});
  recorder.ondataavailable = event => parts.push(event.data);
  const stopped = new Promise(resolve => { recorder.onstop = resolve; });
  recorder.start();
  for (let shown = 0; shown < 40; shown++) {
    pen.fillStyle = shown % 2 ? "teal" : "white";
    pen.fillRect(3 * shown, 40, 30, 30);
    await new Promise(resolve => setTimeout(resolve, 25));
  }
  recorder.stop();
  await stopped;
  const bytes = new Uint8Array(await new Blob(parts).arrayBuffer());
  return btoa(Array.from(bytes, byte => String.fromCharCode(byte)).join(""));
}"""
_DELAYS = """async () => {
  const decoder = new ImageDecoder({data: await (await fetch("clip")).arrayBuffer(), type: "image/gif"});
  await decoder.tracks.ready;
  await decoder.completed;
  const delays = [];
  for (let frameIndex = 0; frameIndex < decoder.tracks.selectedTrack.frameCount; frameIndex++)
    delays.push((await decoder.decode({frameIndex})).image.duration / 1e6);
  return delays;
}"""
_SIZE = """async () => {
  const video = document.createElement("video");
  video.src = "clip";
  await new Promise((resolve, reject) => Object.assign(video, {onloadeddata: resolve, onerror: reject}));
  return [video.videoWidth, video.videoHeight];
}"""


@pytest.fixture
def page(browser: "Browser", tmp_path: Path) -> "Iterator[Page]":
    """A page, of an address that counts as secure, beside which lies a clip."""
    context = browser.new_context(base_url="https://clips.test")
    tab = context.new_page()
    tab.route("**/*", lambda route: route.fulfill(body="<!doctype html>", content_type="text/html"))
    tab.route("**/clip", lambda route: route.fulfill(path=next(tmp_path.glob("clip.*"))))
    tab.goto("/")
    yield tab
    context.close()


@pytest.mark.parametrize("kind", ["video/mp4;codecs=vp9", "video/mp4;codecs=av01", "video/webm;codecs=vp8"])
def test_recording(page: "Page", tmp_path: Path, kind: str) -> None:
    if not page.evaluate("type => MediaRecorder.isTypeSupported(type)", kind):
        pytest.skip(f"this Chromium does not record {kind}")
    path = tmp_path / "clip"
    path.write_bytes(base64.b64decode(page.evaluate(_RECORD, kind)))
    with av.open(str(path)) as container:
        seconds = (container.duration or 0) / av.time_base
        times = [float(packet.pts * packet.time_base) for packet in container.demux(video=0) if packet.pts is not None]
    frames, info = clips.take(path)
    assert 2 < len(frames) <= len(times)
    assert (info.width, info.height) == (160, 120)
    if "mp4" in kind:
        assert info.duration_s == pytest.approx(seconds, abs=ROUNDING_S)
        assert info.fps == pytest.approx(len(times) / seconds, rel=0.003)
    assert info.duration_s > times[-1] - times[0]


# This interface tells shorter delays as they are in the file; only pictures on a page are shown for longer.
@pytest.mark.parametrize("delays", [[10, 10, 10], [2, 3, 7], [300, 5, 5]])
def test_delays_of_a_gif(page: "Page", tmp_path: Path, delays: list[int]) -> None:
    path = write_gif(tmp_path / "clip.gif", delays)
    _, info = clips.take(path)
    assert info.duration_s == pytest.approx(sum(page.evaluate(_DELAYS)), abs=1e-6)


@pytest.mark.parametrize("suffix", ["mp4", "webm"])
@pytest.mark.parametrize("aspect", [Fraction(64, 45), Fraction(4, 3), Fraction(3, 4), Fraction(1)])
@pytest.mark.parametrize("rotation", [0, 90])
def test_shown_size(page: "Page", tmp_path: Path, suffix: str, aspect: Fraction, rotation: int) -> None:
    plain = clips.write(
        tmp_path / "plain.mp4", clips.drifting(4, (180, 144)), codec="libvpx-vp9", aspect=aspect, rotation=rotation
    )
    path = clips.mux_tracks(tmp_path / f"clip.{suffix}", plain)
    _, info = clips.take(path)
    width, height = page.evaluate(_SIZE)
    assert abs(info.width - width) <= 1
    assert abs(info.height - height) <= 1
