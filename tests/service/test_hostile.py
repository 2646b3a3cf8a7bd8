"""A hundred uploads that nobody should send, with good clips beside them."""

import random
import threading
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from service.problems import Code
from tests.clips import cut, drifting, still, write, write_audio, write_empty, write_huge, write_playlist
from tests.service.running import Running

SUFFIXES = (".mp4", ".mov", ".webm", ".mkv", ".avi")


@pytest.fixture(scope="module")
def uploads(tmp_path_factory: pytest.TempPathFactory) -> dict[str, bytes]:
    """Hostile bytes by what they are."""
    folder = tmp_path_factory.mktemp("hostile")
    target = write(folder / "target.mp4")
    found: dict[str, bytes] = {"one byte": b"\0", "text": b"hello " * 1000, "zeros": bytes(100_000)}
    found["noise"] = random.Random(0).randbytes(100_000)
    for suffix in SUFFIXES:
        whole = write(folder / f"whole{suffix}", drifting(20))
        for tenth in range(1, 10):
            found[f"{tenth}/10 of {suffix}"] = cut(folder / f"cut{suffix}", whole, tenth / 10).read_bytes()
        found[f"still {suffix}"] = write(folder / f"still{suffix}", still(20)).read_bytes()
        for seed in range(6):
            flipped = bytearray(whole.read_bytes())
            generator = random.Random(f"{suffix}{seed}")
            for _ in range(20):
                flipped[generator.randrange(len(flipped))] ^= 1 << generator.randrange(8)
            found[f"bits flipped in {suffix}, {seed}"] = bytes(flipped)
        if suffix != ".avi":
            found[f"sound in {suffix}"] = write_audio(folder / f"sound{suffix}").read_bytes()
    for kind in ("hls", "ffconcat", "dash"):
        for name in (str(target), "/etc/passwd", "http://127.0.0.1:1/x"):
            found[f"{kind} of {name}"] = write_playlist(folder / "list.mp4", name, kind=kind).read_bytes()
    for suffix in (".mp4", ".mkv"):
        found[f"no frame in {suffix}"] = write_empty(folder / f"empty{suffix}").read_bytes()
    for suffix in (".mkv", ".avi"):
        found[f"10,000 x 10,000 in {suffix}"] = write_huge(folder / f"huge{suffix}").read_bytes()
    found["61 s"] = write(folder / "long.mp4", still(610, (64, 64)), fps=10).read_bytes()
    return found


def test_hostile_uploads_get_documented_errors_and_harm_nobody(
    server: Running, uploads: dict[str, bytes], clip: bytes, clips: Path
) -> None:
    assert len(uploads) >= 100
    documented = server.client.get("/openapi.json").json()["paths"]["/v1/hashtags"]["post"]["responses"]
    expected = server.suggest(clip).json()["hashtags"]
    finished = threading.Event()
    beside: list[object] = []

    def good() -> None:
        # Never the same bytes twice, so that a worker has to look at each.
        number = 0
        while not finished.is_set():
            number += 1
            answer = server.suggest(clip + number.to_bytes(4, "big").rjust(8, b"\0"))
            beside.append((answer.status_code, answer.json().get("hashtags") == expected))

    def hostile(name: str) -> tuple[str, int, str]:
        response = server.suggest(uploads[name])
        return name, response.status_code, response.json().get("code", "")

    neighbour = threading.Thread(target=good)
    neighbour.start()
    try:
        with ThreadPoolExecutor(4) as pool:
            outcomes = list(pool.map(hostile, uploads))
    finally:
        finished.set()
        neighbour.join()
    for name, status, code in outcomes:
        assert str(status) in documented, (name, status)
        assert status != 500, name
        # Flipped bits may leave a clip that decodes; nothing else here does.
        assert status == 200 if not code else status == Code[code].status, (name, status, code)
        assert code or name.startswith("bits flipped"), (name, status)
    by_name = {name: code for name, _, code in outcomes}
    assert by_name["text"] == by_name["hls of /etc/passwd"] == "not_a_video"
    assert by_name["no frame in .mp4"] == by_name["sound in .mkv"] == "no_video_stream"
    assert by_name["10,000 x 10,000 in .mkv"] == "clip_too_large"
    assert by_name["61 s"] == "clip_too_long"
    assert by_name["still .mp4"] == "no_motion"
    assert by_name["5/10 of .mp4"] == by_name["5/10 of .mkv"] == "truncated"
    assert beside
    assert set(beside) == {(200, True)}
    server.wait_until(lambda: not server.uploads())


def test_extension_and_content_type_decide_nothing(server: Running, clips: Path) -> None:
    content = write(clips / "named.webm").read_bytes()
    response = server.client.post("/v1/hashtags", files={"file": ("clip.mp4", content, "text/plain")})
    assert response.status_code == 200
