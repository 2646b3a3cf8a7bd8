"""What moves, drawn over the playing clip: in the place and at the time at which a browser shows it."""

import os
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pytest
from numpy.typing import NDArray

from tests.models.test_tracks import MADE, centre
from tests.service.running import Running
from tests.service.web.conftest import Open, send, wait_for_answer

if TYPE_CHECKING:
    from playwright.sync_api import Page

_HEADS = """async seconds => {
  const video = document.querySelector("#video"), canvas = document.querySelector("#motion");
  video.pause();
  const sought = new Promise(resolve => video.addEventListener("seeked", resolve, {once: true}));
  video.currentTime = seconds;
  await sought;
  await new Promise(resolve => requestAnimationFrame(() => requestAnimationFrame(resolve)));
  const {data} = canvas.getContext("2d").getImageData(0, 0, canvas.width, canvas.height), found = [];
  const scale = Math.min(canvas.width / video.videoWidth, canvas.height / video.videoHeight);
  const left = (canvas.width - video.videoWidth * scale) / 2, top = (canvas.height - video.videoHeight * scale) / 2;
  for (let at = 0; at < data.length; at += 4)
    if (data[at] > 220 && data[at + 1] < 110 && data[at + 3] > 220)
      found.push([((at / 4) % canvas.width - left) / scale, (Math.floor(at / 4 / canvas.width) - top) / scale]);
  return found;
}"""
"""The pixels of the clip at which the ends of trajectories are drawn at a time: they are red."""
_PICTURE = """() => {
  const video = document.querySelector("#video"), canvas = document.createElement("canvas");
  [canvas.width, canvas.height] = [video.videoWidth, video.videoHeight];
  const pen = canvas.getContext("2d");
  pen.drawImage(video, 0, 0);
  const {data} = pen.getImageData(0, 0, canvas.width, canvas.height);
  return [canvas.width, canvas.height, Array.from(data).filter((_, at) => at % 4 === 1)];
}"""


def looked_at(tab: Open, server: Running, clip: Path) -> "Page":
    page = tab(server.address, reduced_motion="reduce")
    send(page, clip)
    wait_for_answer(page)
    page.wait_for_function("() => document.querySelector('#video').readyState >= 2")
    return page


def heads(page: "Page", seconds: float) -> NDArray[np.float64]:
    return np.array(page.evaluate(_HEADS, seconds))


@pytest.mark.parametrize("how", ["scaled", "turned", "stretched"])
def test_square_is_followed(tab: Open, server: Running, tmp_path: Path, how: str) -> None:
    made, size, displayed, wider = MADE[how]
    page = looked_at(tab, server, made(tmp_path / f"{how}.mp4"))
    assert page.evaluate("() => [video.videoWidth, video.videoHeight]") == list(size)
    for seconds in (0.9, 2.1):
        away = np.median(heads(page, seconds), axis=0) - displayed(centre(np.array(seconds)))
        assert np.abs(away).max() < 35 * wider


@pytest.mark.skipif("TAG2VEC_DATA" not in os.environ, reason="TAG2VEC_DATA is not set")
def test_what_moves_in_a_real_clip_is_followed(tab: Open, server: Running) -> None:
    """Trajectories end where the picture changes more than elsewhere."""
    page = looked_at(tab, server, Path(os.environ["TAG2VEC_DATA"]) / "bench" / "ice_320x240.mp4")
    ratios = []
    for seconds in (1.0, 2.0, 3.0):
        ends = heads(page, seconds).astype(int)
        width, height, before = page.evaluate(_PICTURE)
        heads(page, seconds + 0.1)
        after = page.evaluate(_PICTURE)[2]
        change = np.abs(np.subtract(after, before)).reshape(height, width)
        x, y = ends.clip(0, (width - 1, height - 1)).T
        ratios.append(change[y, x].mean() / change.mean())
    assert np.mean(ratios) > 1.5, ratios
