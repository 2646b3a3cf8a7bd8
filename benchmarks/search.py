"""Search in tag spaces of growing size: recall against exact search, time per query, memory.

python -m benchmarks.search

Vectors and queries are drawn around the vectors of the bundle that ships, each moved in a random direction by the
distance of one of its 15 nearest neighbours. Each space is written to disk and searched by a process of its own, on one
thread, which holds what the service would hold: stems, counts, displays and the index.
"""

import json
import subprocess
import sys
import time
from pathlib import Path
from typing import Annotated, Any

import faiss
import numpy as np
import typer
from numpy.typing import NDArray
from rich.console import Console
from rich.table import Table

from benchmarks.tag2vec_scale import peak_mib
from models.bundle import SHIPPED
from models.tags.index import build_index
from models.tags.space import TagSpace, unit
from models.tags.string_table import StringTable

SIZES = (20_000, 200_000, 1_000_000, 7_000_000)
K = 15
QUERIES, JUDGED = 2_000, 500
"""Queries that are timed, and how many of them are compared with exact search."""
CANDIDATES: dict[str, dict[str, int]] = {
    "Flat": {},
    "IVF1024,SQ8": {"nprobe": 32},
    "Pad104,IVF1024,SQ8": {"nprobe": 32},
    "Pad104,IVF1024,SQfp16": {"nprobe": 32},
    "IVF1024,PQ25": {"nprobe": 32},
    "IVF1024,PQ25,RFlat": {"nprobe": 32, "k_factor_rf": 10},
    "Pad104,HNSW16,SQ8": {"efSearch": 128},
}
"""Indexes to compare at 300,000 vectors, by their FAISS names, with the parameters of their search."""


class Neighbourhoods:
    """Vectors around those of the bundle that ships."""

    def __init__(self) -> None:
        space = TagSpace.load(SHIPPED)
        self.stems = list(space.stems)
        self._centres = np.stack([space.vector(name) for name in self.stems])
        squares, _ = faiss.knn(self._centres, self._centres, K + 1)
        self._distances = np.sqrt(np.clip(squares[:, 1:], 0, 4))

    def draw(self, n: int, seed: int) -> NDArray[np.float32]:
        """Return n unit vectors, float32 (n, dimensions)."""
        rng = np.random.default_rng(seed)
        vectors = np.empty((n, self._centres.shape[1]), np.float32)
        for start in range(0, n, 1 << 16):
            rows = vectors[start : start + (1 << 16)]
            around = rng.integers(0, len(self._centres), len(rows))
            away = self._distances[around, rng.integers(0, K, len(rows))]
            rows[:] = unit(self._centres[around] + away[:, None] * unit(rng.normal(size=rows.shape)))
        return vectors

    def names(self, n: int) -> StringTable:
        """Return n synthetic stems, about as long as real ones."""
        return StringTable(f"{self.stems[row % len(self.stems)]}#{row // len(self.stems)}" for row in range(n))


def build(folder: Path, n: int) -> None:
    """Write a tag space of n tags into a folder, with queries and the result of exact search."""
    drawn = Neighbourhoods()
    vectors, queries = drawn.draw(n, 0), drawn.draw(QUERIES, 1)
    np.save(folder / "queries.npy", queries)
    _, truth = faiss.knn(queries[:JUDGED], vectors, K)
    np.save(folder / "truth.npy", truth)
    start = time.perf_counter()
    index = build_index(vectors)
    seconds = time.perf_counter() - start
    del vectors
    names = drawn.names(n)
    TagSpace(names, np.ones(n, np.int64), names, index, []).save(folder)
    (folder / "built.json").write_text(json.dumps({"build_s": seconds}))


def measure(folder: Path) -> dict[str, float]:
    """Search a space from disk, in a fresh process."""
    start = time.perf_counter()
    space = TagSpace.load(folder)
    loaded = time.perf_counter() - start
    queries, truth = np.load(folder / "queries.npy"), np.load(folder / "truth.npy")
    for query in queries[:50]:
        space.nearest(query, K)
    times, found = [], []
    for query in queries:
        start = time.perf_counter()
        near = space.nearest(query, K)
        times.append((time.perf_counter() - start) * 1e3)
        found.append({space.stems.row(neighbour.stem) for neighbour in near})
    hits = [len(set(best) & rows) for best, rows in zip(truth.tolist(), found, strict=False)]
    return {
        "recall": float(np.mean(hits)) / K,
        "p50_ms": float(np.percentile(times, 50)),
        "p99_ms": float(np.percentile(times, 99)),
        "load_s": loaded,
        "peak_mib": peak_mib(),
    }


def compare(n: int) -> Table:
    """Compare the candidates on n vectors."""
    drawn = Neighbourhoods()
    vectors, queries = drawn.draw(n, 0), drawn.draw(JUDGED, 1)
    _, truth = faiss.knn(queries, vectors, K)
    faiss.omp_set_num_threads(1)
    table = Table(f"{n:,} vectors", "search", "recall at 15", "p50, ms", "p99, ms", "bytes a vector", "build, s")
    for name, search in CANDIDATES.items():
        start = time.perf_counter()
        index: Any = faiss.index_factory(vectors.shape[1], name)
        index.train(vectors[: 1 << 16])
        index.add(vectors)
        built = time.perf_counter() - start
        for key, value in search.items():
            faiss.ParameterSpace().set_index_parameter(index, key, value)
        times, hits = [], []
        for query, best in zip(queries, truth.tolist(), strict=True):
            start = time.perf_counter()
            _, rows = index.search(query[None], K)
            times.append((time.perf_counter() - start) * 1e3)
            hits.append(len(set(best) & set(rows[0].tolist())))
        size = len(faiss.serialize_index(index)) / n
        settings = ", ".join(f"{key} {value}" for key, value in search.items())
        p50, p99 = np.percentile(times, (50, 99))
        row = (f"{np.mean(hits) / K:.3f}", f"{p50:.2f}", f"{p99:.2f}", f"{size:.0f}", f"{built:.0f}")
        table.add_row(name, settings, *row)
    return table


def in_child(call: str) -> Any:
    """Evaluate a call of a function of this module in a fresh process."""
    program = f"import json; from pathlib import Path; from benchmarks.search import *; print(json.dumps({call}))"
    return json.loads(subprocess.run([sys.executable, "-c", program], stdout=subprocess.PIPE, check=True).stdout)


def main(
    sizes: Annotated[list[int] | None, typer.Argument(help="Numbers of tags.")] = None,
    work: Annotated[Path, typer.Option(help="Folder for the spaces, which are built once.")] = Path("work/search"),
    candidates: Annotated[bool, typer.Option(help="Compare kinds of indexes instead.")] = False,
) -> None:
    """Build and measure spaces of several sizes."""
    if candidates:
        Console(width=120).print(compare(300_000))
        return
    table = Table("tags", "recall at 15", "p50, ms", "p99, ms", "peak memory, MiB", "load, s", "build of the index, s")
    for n in sizes or SIZES:
        folder = work / str(n)
        folder.mkdir(parents=True, exist_ok=True)
        if not (folder / "built.json").exists():
            in_child(f"build(Path({str(folder)!r}), {n})")
        found = in_child(f"measure(Path({str(folder)!r}))")
        built = json.loads((folder / "built.json").read_text())["build_s"]
        table.add_row(
            f"{n:,}", f"{found['recall']:.4f}", f"{found['p50_ms']:.2f}", f"{found['p99_ms']:.2f}",
            f"{found['peak_mib']:,.0f}", f"{found['load_s']:.1f}", f"{built:.0f}",
        )  # fmt: skip
    Console().print(table)


if __name__ == "__main__":
    typer.run(main)
