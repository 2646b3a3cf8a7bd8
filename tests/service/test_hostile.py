"""What hostile uploads are told; `tests.stress.hostile` sends many more of them."""

from collections.abc import Callable
from pathlib import Path

import pytest

from tests.clips import cut, still, write, write_audio, write_empty, write_huge, write_playlist
from tests.service.running import Running

UPLOADS: dict[str, tuple[str, Callable[[Path], Path]]] = {
    "playlist": ("not_a_video", lambda folder: write_playlist(folder / "list.mp4", "/etc/passwd")),
    "no frame": ("no_video_stream", lambda folder: write_empty(folder / "empty.mp4")),
    "sound": ("no_video_stream", lambda folder: write_audio(folder / "sound.mkv")),
    "10,000 x 10,000": ("clip_too_large", lambda folder: write_huge(folder / "huge.mkv")),
    "61 s": ("clip_too_long", lambda folder: write(folder / "long.mp4", still(610, (64, 64)), fps=10)),
    "still": ("no_motion", lambda folder: write(folder / "still.mp4", still(20))),
    "half": ("truncated", lambda folder: cut(folder / "half.mp4", write(folder / "whole.mp4"), 0.5)),
}


@pytest.mark.parametrize("name", UPLOADS)
def test_refusal_says_what_is_wrong(server: Running, clips: Path, name: str) -> None:
    code, make = UPLOADS[name]
    assert server.suggest(make(clips).read_bytes()).json()["code"] == code


def test_extension_and_content_type_decide_nothing(server: Running, clips: Path) -> None:
    content = write(clips / "named.webm").read_bytes()
    response = server.client.post("/v1/hashtags", files={"file": ("clip.mp4", content, "text/plain")})
    assert response.status_code == 200
