"""Compares the speed, memory and size of two builds of the project, side by side.

A build is a folder, or a git revision of this repository. Each runs in processes of its own, and they take turns, so
that other work on the machine slows both. Figures are medians over the rounds, with the quartiles of the ratio in
brackets.

    TAG2VEC_DATA=... python -m benchmarks.compare main . --only fisher --only threads
    python -m benchmarks.compare v1.0.0 main CLIP...

- fisher: CPU time from a clip to its Fisher vector on one thread, ms a frame, and over one OpenCV Farneback flow
  (`benchmarks.extraction`)
- threads: how many times as fast that is on two threads, by the wall clock
- request: a clip sent to a real service that does nothing else, ms
- throughput: clips a second that a real service answers to two clients
- long: CPU time that a worker takes for 60 s of a clip, over that for the clip's first 6 s
- memory: what a worker takes at its peak beside what it shares with the fork server, for 60 s of a clip, MiB
- bundle: size of the models, MiB on disk
"""

import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from enum import StrEnum
from itertools import count
from pathlib import Path
from statistics import median, quantiles
from typing import Annotated, Final, NamedTuple

import typer

from benchmarks.extraction import yardstick
from benchmarks.request import free_port, memory, post, processes, repeated, wait_until_ready

REPOSITORY: Final = Path(__file__).parents[1]
_SECONDS: Final = 60
_CLIENTS: Final = 2
_CLIPS: Final = 4
"""That each client sends in a turn."""
_SAMPLES_S: Final = 0.02


class Row(StrEnum):
    """What can be compared."""

    fisher = "fisher"
    threads = "threads"
    request = "request"
    throughput = "throughput"
    long = "long"
    memory = "memory"
    bundle = "bundle"


class Figure(NamedTuple):
    """One line of the table: a value of each build in each round, and the yardstick's where there is one."""

    row: Row
    clip: str
    unit: str
    values: Sequence[tuple[float, float]]
    units: Sequence[float] = ()


class Build:
    """A build, and its processes: each starts when it is first needed."""

    def __init__(self, folder: Path, scope: ExitStack) -> None:
        if not (folder / "models" / "encoder.py").is_file():
            raise ValueError(f"{folder} is no build: it has no models/encoder.py")
        self.folder = folder
        self._scope = scope
        self._encoder: subprocess.Popen[str] | None = None
        self._service: str | None = None

    def encode(self, measure: str, clip: Path, threads: int = 1) -> dict[str, float]:
        """Have a clip encoded as `benchmarks.build` says."""
        if self._encoder is None:
            # -P: the folder of the script has no modules for others.
            command = [sys.executable, "-P", str(Path(__file__).with_name("build.py"))]
            self._encoder = self._scope.enter_context(  # it ends when its input does
                subprocess.Popen(
                    command, env=self._environment(), stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
                )
            )
            self._read(self._encoder)
            self.encode(measure, clip, threads)  # fills the caches
        assert self._encoder.stdin is not None
        print(
            json.dumps({"measure": measure, "clip": str(clip), "threads": threads}),
            file=self._encoder.stdin, flush=True,
        )  # fmt: skip
        found: dict[str, float] = json.loads(self._read(self._encoder))
        return found

    def service(self) -> str:
        """Return the address of a service of this build, with as many workers as there are clients."""
        if self._service is None:
            _, self._service = self._scope.enter_context(self.served(_CLIENTS))
        return self._service

    @contextmanager
    def served(self, workers: int) -> Iterator[tuple[int, str]]:
        """Run a service; yields its process and its address."""
        port = free_port()
        settings = {"TAG2VEC_WORKERS": str(workers), "TAG2VEC_CACHE": "0", "TAG2VEC_LOG_LEVEL": "WARNING"}
        command = [sys.executable, "-P", "-m", "commands.main", "serve", "--port", str(port)]
        with subprocess.Popen(command, env=self._environment() | settings) as service:
            try:
                wait_until_ready(f"http://127.0.0.1:{port}")
                yield service.pid, f"http://127.0.0.1:{port}"
            finally:
                service.terminate()

    def _environment(self) -> dict[str, str]:
        return os.environ | {"PYTHONPATH": str(self.folder)}

    def _read(self, process: "subprocess.Popen[str]") -> str:
        assert process.stdout is not None
        line = process.stdout.readline()
        if not line:
            raise RuntimeError(f"{self.folder} cannot be measured: its process ended with code {process.wait()}")
        return line


class Comparison:
    """Measures both builds in turn."""

    def __init__(self, builds: tuple[Build, Build], rounds: int, scratch: Path) -> None:
        self._builds, self._rounds, self._scratch = builds, rounds, scratch
        self._numbers = count()

    def fisher(self, clip: Path) -> Figure:
        """CPU time, ms a frame."""
        units: list[float] = []

        def measure(build: Build) -> float:
            found = build.encode("fisher", clip)
            return 1e3 * found["cpu"] / found["frames"]

        values = self._turns(measure, before=lambda: units.append(yardstick(clip, time.thread_time)))
        return Figure(Row.fisher, clip.stem, "ms a frame", values, units)

    def threads(self, clip: Path) -> Figure:
        """Two threads over one, of the wall clock."""

        def measure(build: Build) -> float:
            one, two = (build.encode("fisher", clip, threads)["wall"] for threads in (1, 2))
            return one / two

        return Figure(Row.threads, clip.stem, "times as fast", self._turns(measure))

    def request(self, clip: Path) -> Figure:
        """Milliseconds from request to answer."""
        content = clip.read_bytes()
        values = self._turns(lambda build: post(build.service(), self._another(content))[0])
        return Figure(Row.request, clip.stem, "ms", values)

    def throughput(self, clip: Path) -> Figure:
        """Clips a second."""
        content = clip.read_bytes()

        def measure(build: Build) -> float:
            address = build.service()
            begin = time.perf_counter()
            with ThreadPoolExecutor(_CLIENTS) as clients:
                sent: list[Future[object]] = [
                    clients.submit(post, address, self._another(content)) for _ in range(_CLIENTS * _CLIPS)
                ]
            for one in sent:
                one.result()
            return len(sent) / (time.perf_counter() - begin)

        return Figure(Row.throughput, clip.stem, "clips a second", self._turns(measure))

    def long(self, clip: Path) -> Figure:
        """CPU time for 60 s over that for 6 s."""
        short, lengthy = self._played(clip, 6), self._played(clip, _SECONDS)

        def measure(build: Build) -> float:
            return build.encode("encode", lengthy)["cpu"] / build.encode("encode", short)["cpu"]

        return Figure(Row.long, clip.stem, "times 6 s", self._turns(measure))

    def memory(self, clip: Path) -> Figure:
        """MiB that only a worker has, at most."""
        content = self._played(clip, _SECONDS).read_bytes()

        def measure(build: Build) -> float:
            with build.served(1) as (pid, address), ThreadPoolExecutor(1) as client:
                worker = next(number for name, number in processes(pid).items() if name.startswith("worker"))
                answer = client.submit(post, address, content)
                peak = 0.0
                while not answer.done():
                    peak = max(peak, memory(worker).get("Private", 0.0))
                    time.sleep(_SAMPLES_S)
                answer.result()
            if not peak:
                raise RuntimeError("a worker hides its memory from everybody but root: be root to measure it")
            return peak

        return Figure(Row.memory, clip.stem, "MiB", self._turns(measure))

    def bundle(self) -> Figure:
        """MiB of the files."""

        def measure(build: Build) -> float:
            folder = build.folder / "models" / "shipped"
            return sum(file.stat().st_size for file in folder.rglob("*") if file.is_file()) / 2**20

        return Figure(Row.bundle, "", "MiB", [(measure(self._builds[0]), measure(self._builds[1]))])

    def _turns(
        self, measure: Callable[[Build], float], before: Callable[[], object] | None = None
    ) -> list[tuple[float, float]]:
        """Return what is measured of the old and of the new build in each round; either one begins in turn."""
        values: list[tuple[float, float]] = []
        for number in range(self._rounds):
            if before is not None:
                before()
            if number % 2:
                new, old = (measure(build) for build in self._builds[::-1])
            else:
                old, new = (measure(build) for build in self._builds)
            values.append((old, new))
        return values

    def _another(self, content: bytes) -> bytes:
        """Return the same mp4 with other bytes: equal clips that come at a time are worked on once."""
        return content + (12).to_bytes(4, "big") + b"free" + next(self._numbers).to_bytes(4, "big")

    def _played(self, clip: Path, seconds: int) -> Path:
        path = self._scratch / f"{clip.stem}_{seconds}.mp4"
        if not path.exists():
            path.write_bytes(repeated(clip, seconds=seconds))
        return path


def table(figures: Sequence[Figure]) -> str:
    """Return figures as a table in Markdown."""
    lines = ["| | clip | | old | new | new / old |", "|---|---|---|---|---|---|"]
    for figure in figures:
        lines.append(_line(figure.row, figure.clip, figure.unit, figure.values))
        if figure.units:
            over = [(old / unit, new / unit) for (old, new), unit in zip(figure.values, figure.units, strict=True)]
            lines.append(_line(figure.row, figure.clip, "over one Farneback", over))
    return "\n".join(lines)


def _line(row: Row, clip: str, unit: str, values: Sequence[tuple[float, float]]) -> str:
    old, new = (median(build) for build in zip(*values, strict=True))
    ratios = [after / before for before, after in values]
    spread = ""
    if len(ratios) > 1:
        low, _, high = quantiles(ratios, n=4, method="inclusive")
        spread = f" ({low:.3f} to {high:.3f})"
    return f"| {row} | {clip} | {unit} | {old:.3g} | {new:.3g} | {median(ratios):.3f}{spread} |"


def _folder(build: str, scope: ExitStack) -> Path:
    """Return a build's folder; a revision is checked out into a temporary one."""
    if Path(build).is_dir():
        return Path(build).resolve()
    folder = scope.enter_context(tempfile.TemporaryDirectory())
    archive = subprocess.run(["git", "archive", build], cwd=REPOSITORY, capture_output=True, check=False)
    if archive.returncode:
        raise typer.BadParameter(f"{build} is neither a folder nor a revision: {archive.stderr.decode().strip()}")
    subprocess.run(["tar", "-x", "-C", folder], input=archive.stdout, check=True)
    return Path(folder)


def _clips() -> list[Path]:
    data = os.environ.get("TAG2VEC_DATA")
    found = sorted(Path(data, "bench").glob("*.mp4")) if data else []
    if not found:
        raise typer.BadParameter("name clips in mp4, or set TAG2VEC_DATA to a folder with bench/*.mp4")
    return found


def main(
    old: Annotated[str, typer.Argument(metavar="OLD", help="Folder or git revision.")],
    new: Annotated[str, typer.Argument(metavar="NEW", help="Folder or git revision.")],
    clips: Annotated[list[Path] | None, typer.Argument(metavar="CLIP...", help="mp4; TAG2VEC_DATA/bench.")] = None,
    only: Annotated[list[Row], typer.Option(help="Measure these rows alone.")] = [],  # noqa: B006
    rounds: Annotated[int, typer.Option(min=1, help="Take medians over this many rounds.")] = 5,
) -> None:
    """Measure both builds and print a table."""
    with ExitStack() as scope:
        builds = Build(_folder(old, scope), scope), Build(_folder(new, scope), scope)
        scratch = Path(scope.enter_context(tempfile.TemporaryDirectory()))
        comparison = Comparison(builds, rounds, scratch)
        figures: list[Figure] = []
        for row in only or list(Row):
            if row is Row.bundle:
                figures.append(comparison.bundle())
                continue
            figures += [getattr(comparison, row)(clip) for clip in clips or _clips()]
        print(table(figures))


if __name__ == "__main__":
    typer.run(main)
