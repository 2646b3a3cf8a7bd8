"""From posts to vectors at the paper's size: time, memory, and how many planted topics are recovered.

python -m benchmarks.tag2vec_scale
"""

import json
import logging
import subprocess
import sys
import time
from dataclasses import replace
from pathlib import Path
from typing import Annotated

import numpy as np
import typer
from rich.console import Console
from rich.table import Table

from benchmarks.made_up_posts import POSTS, MadeUpPosts
from models.tags.space import TagSpace
from training.artifacts import Artifacts
from training.corpus import CorpusSettings, build_corpus
from training.tag2vec import Tag2VecSettings, train_tag2vec

JUDGED = 50
"""Posts that a tag needs for its neighbours to be judged."""
NEIGHBOURS = 10


def peak_mib() -> float:
    """Return the peak resident memory of this process, MiB; `ru_maxrss` also counts the parent's at the start."""
    for line in Path("/proc/self/status").read_text().splitlines():
        if line.startswith("VmHWM"):
            return int(line.split()[1]) / 1024
    raise RuntimeError("this system does not report the peak resident memory")


def learn(posts: Path, out: Path, settings: Tag2VecSettings) -> None:
    """Learn vectors from a file of posts; print the time of each step and the peak memory so far, as lines of JSON."""
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(message)s", stream=sys.stderr)
    logging.getLogger("gensim").setLevel(logging.WARNING)
    out.mkdir(exist_ok=True)
    start = time.perf_counter()
    build_corpus(out, posts=[posts], settings=CorpusSettings())
    print(json.dumps({"step": "corpus", "seconds": time.perf_counter() - start, "peak_mib": peak_mib()}))
    start = time.perf_counter()
    train_tag2vec(out, replace(Artifacts.under(out), corpus=out), settings=settings)
    print(json.dumps({"step": "skip-gram", "seconds": time.perf_counter() - start, "peak_mib": peak_mib()}))


def recovery(space: TagSpace, topics: dict[str, int]) -> tuple[float, int]:
    """Return the share of neighbours of the tag's own topic, over all judged tags, and the number of those."""
    judged = [name for name, count in zip(space.stems, space.counts, strict=True) if count >= JUDGED and name in topics]
    own = [
        [topics.get(neighbour.stem) == topics[name] for neighbour in space.nearest(space.vector(name), NEIGHBOURS + 1)
         if neighbour.stem != name][:NEIGHBOURS]
        for name in judged
    ]  # fmt: skip
    return float(np.mean(own)), len(judged)


def main(
    share: Annotated[float, typer.Option(min=0.001, help="Share of the paper's 2.7 million posts.")] = 1.0,
    work: Annotated[Path, typer.Option(help="Folder for the posts, which are made once, and the result.")] = Path(
        "work/tag2vec_scale"
    ),
    min_count: Annotated[int, typer.Option(min=1, help="Posts that a stem needs for a vector.")] = 5,
    epochs: Annotated[int, typer.Option(min=1, help="Passes over the posts.")] = 10,
    workers: Annotated[int, typer.Option(min=1, help="Threads of the skip-gram.")] = 2,
) -> None:
    """Make posts, learn from them in a process of its own, and look for the planted topics."""
    made_up = MadeUpPosts(round(share * POSTS))
    work.mkdir(parents=True, exist_ok=True)
    posts = work / f"posts-{made_up.posts}-{made_up.seed}.jsonl.gz"
    facts = posts.with_suffix(".json")
    if not (posts.exists() and facts.exists()):
        facts.write_text(json.dumps(made_up.write(posts)))
    settings = Tag2VecSettings(min_count=min_count, epochs=epochs, workers=workers)
    program = (
        "import sys; from pathlib import Path; from benchmarks.tag2vec_scale import *; "
        "learn(Path(sys.argv[1]), Path(sys.argv[2]), Tag2VecSettings.model_validate_json(sys.argv[3]))"
    )
    start = time.perf_counter()
    child = subprocess.run(
        [sys.executable, "-c", program, posts, work / "learnt", settings.model_dump_json()],
        stdout=subprocess.PIPE,
        check=True,
    )
    wall = time.perf_counter() - start
    steps = [json.loads(line) for line in child.stdout.splitlines()]

    space = TagSpace.load(work / "learnt")
    found, judged = recovery(space, made_up.words.topic_of())
    table = Table("", "")
    for name, value in json.loads(facts.read_text()).items():
        table.add_row(name, f"{value:,}")
    table.add_row("skip-gram", f"{len(space):,} stems, {settings.dimensions} dimensions; {settings}")
    for step in steps:
        table.add_row(step["step"], f"{step['seconds']:.0f} s, peak {step['peak_mib']:,.0f} MiB")
    table.add_row("from file to vectors", f"{wall:.0f} s, one process, peak {steps[-1]['peak_mib']:,.0f} MiB")
    table.add_row(f"own topic among {NEIGHBOURS}", f"{found:.1%}, {judged:,} tags of {JUDGED} posts or more")
    Console().print(table)


if __name__ == "__main__":
    typer.run(main)
