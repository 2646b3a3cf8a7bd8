"""Starts the service as its users do and looks at it from outside."""

import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from concurrent.futures import Future
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

import httpx
from prometheus_client.parser import text_string_to_metric_families

START_S = 240
"""Seconds that a start may take where kernels have yet to be compiled."""


class Running:
    """A service process and a client of it."""

    def __init__(self, process: "subprocess.Popen[bytes]", port: int, spool: Path, log: Path) -> None:
        self.process = process
        self.port = port
        self.spool = spool
        self.log = log
        self.address = f"http://127.0.0.1:{port}"
        self.client = httpx.Client(base_url=self.address, timeout=280)

    def wait_until_ready(self) -> None:
        deadline = time.monotonic() + START_S
        while time.monotonic() < deadline and self.process.poll() is None:
            try:
                if self.client.get("/readyz").status_code == 200:
                    return
            except httpx.TransportError:
                pass
            time.sleep(0.2)
        raise AssertionError(f"the service does not start:\n{self.log.read_text()[-3000:]}")

    def suggest(self, clip: bytes, **query: Any) -> httpx.Response:
        return self.client.post("/v1/hashtags", content=clip, params=query, headers={"Content-Type": "video/mp4"})

    def metrics(self) -> dict[tuple[str, tuple[str, ...]], float]:
        """Every sample by its name and the values of its labels, in the order of the labels' names."""
        families = text_string_to_metric_families(self.client.get("/metrics").text)
        return {
            (sample.name, tuple(value for _, value in sorted(sample.labels.items()))): sample.value
            for family in families
            for sample in family.samples
        }

    def workers(self) -> dict[int, float]:
        """Worker processes with the seconds of CPU that each has used."""
        found = {}
        for child in children(self.process.pid):
            with suppress(OSError):
                if b"forkserver" not in Path(f"/proc/{child}/cmdline").read_bytes():
                    continue
                for pid in children(child):
                    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
                    if fields[0] != "Z":
                        found[pid] = (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")
        return found

    def restarts(self, cause: str) -> float:
        """How many workers were replaced for this cause."""
        return self.metrics()["tag2vec_worker_restarts_total", (cause,)]

    def in_state(self, state: str) -> float:
        """How many workers are `busy`, `free` or `starting`."""
        return self.metrics()["tag2vec_workers", (state,)]

    def busy_worker(self) -> int:
        """The worker that works, once one does."""
        self.wait_until(lambda: self.in_state("busy"))
        before = self.workers()

        def at_work() -> list[int]:
            return [pid for pid, seconds in self.workers().items() if seconds - before.get(pid, seconds) >= 0.1]

        self.wait_until(at_work)
        return at_work()[0]

    @contextmanager
    def held(self) -> Iterator[None]:
        """Suspend all workers, once they are free: clips that they are given in this block do not end in it."""
        self.wait_until(lambda: not self.in_state("starting") and not self.in_state("busy"))
        held = list(self.workers())
        for pid in held:
            os.kill(pid, signal.SIGSTOP)
        try:
            yield
        finally:
            for pid in held:
                with suppress(ProcessLookupError):  # killed meanwhile, as its client has left
                    os.kill(pid, signal.SIGCONT)

    def wait_until(self, condition: Any, seconds: float = 90) -> None:
        deadline = time.monotonic() + seconds
        while not condition():
            assert time.monotonic() < deadline, self.log.read_text()[-3000:]
            time.sleep(0.05)

    def uploads(self) -> list[Path]:
        """What lies in the temporary folder of the service, its model and its workers' own folders apart."""
        return [path for path in self.spool.glob("tag2vec-*/*") if not path.name.startswith(("model-", "worker-"))]

    def stop(self) -> int:
        self.process.send_signal(signal.SIGTERM)
        return self.process.wait(60)


def problem(answer: "Future[httpx.Response]") -> tuple[int, str]:
    """The status and the code of an answer to come."""
    response = answer.result(280)
    return response.status_code, response.json()["code"]


def children(pid: int) -> list[int]:
    """The processes that `pid` has started and that are not yet gone."""
    found: list[int] = []
    for task in Path(f"/proc/{pid}/task").iterdir():
        with suppress(OSError):  # a thread that has ended
            found += map(int, (task / "children").read_text().split())
    return found


def alive(pid: int) -> bool:
    """Whether a process runs; one that is dead and not yet reaped does not."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except OSError:
        return False


@contextmanager
def serve(folder: Path, **settings: object) -> Iterator[Running]:
    """Run the service with `settings` until the block is left, with a temporary folder of its own.

    It runs in `folder` and logs to a file in it.
    """
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
    # Not in `folder`, whose path may be too long for the sockets that lie there.
    base = Path(tempfile.mkdtemp(prefix="t2v-"))
    spool = base / "tmp"
    spool.mkdir()
    log = folder / "log"
    environment = {name: value for name, value in os.environ.items() if not name.startswith("TAG2VEC_")}
    environment |= {f"TAG2VEC_{name.upper()}": str(value) for name, value in settings.items()}
    environment |= {"TAG2VEC_PORT": str(port), "TMPDIR": str(spool), "A_SECRET": "do not tell"}
    with log.open("wb") as output:
        command = [str(Path(sys.executable).with_name("tag2vec")), "serve"]
        process = subprocess.Popen(command, env=environment, cwd=folder, stdout=output, stderr=output)
    running = Running(process, port, spool, log)
    try:
        yield running
    finally:
        running.client.close()
        if process.poll() is None:
            process.terminate()
            try:
                process.wait(30)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()
        shutil.rmtree(base)
