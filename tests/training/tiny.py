"""A training that takes seconds: clips that are made up, posts about two topics, a vocabulary of one Gaussian.

More Gaussians would each take up one hashtag, and Fisher vectors do not say which of them was used.
"""

from pathlib import Path

import numpy as np

from models.bundle import Bundle
from tests.clips import drifting, write

HASHTAGS = {"skating": (3.0, 0.5), "jumping": (0.5, 3.0)}
"""What moves, and how many pixels a frame."""

GROUPS = 6


def write_data(folder: Path) -> Path:
    """Write clips, their list, posts and a configuration into a folder; return the configuration."""
    clips = folder / "clips"
    lines = ["path\tcategory\thashtag\tgroup\tbenchmark\tsource"]
    for hashtag, step in HASHTAGS.items():
        (clips / hashtag).mkdir(parents=True)
        for number in range(GROUPS):
            path = f"{hashtag}/{number}.mp4"
            write(clips / path, drifting(22, (96, 80), step=step, seed=number))
            lines.append(f"{path}\t{hashtag}\t{hashtag}\t{hashtag}_{number}\t\tmade up")
    (folder / "clips.tsv").write_text("\n".join(lines) + "\n")
    (folder / "posts.txt").write_text("\n".join(_posts()) + "\n")
    config = folder / "tiny.toml"
    config.write_text(
        f"""
        work = "{folder / "work"}"
        workers = 1
        bundle = {{name = "tiny", version = "0"}}
        tag2vec = {{min_count = 5, epochs = 3}}
        trajectories = {{layers = 2}}
        vocabulary = {{components = 1, sample = 2000}}
        embedding = {{members = 2, hidden = 20, iterations = 40, batch = 16}}
        [data]
        clips = "{clips}"
        clip_list = "{folder / "clips.tsv"}"
        posts = ["{folder / "posts.txt"}"]
        """
    )
    return config


def _posts() -> list[str]:
    rng = np.random.default_rng(0)
    topics = ["skating ice rink winter cold", "jumping sand athletics leap summer"]
    return [" ".join(rng.permutation(topics[number % 2].split())[:3]) for number in range(300)]


def bundle_files(folder: Path) -> dict[str, bytes]:
    """Return the content of a bundle's files that are the same whenever they are made from the same things."""
    names = ["manifest.json", *Bundle.open(folder).manifest.files]
    return {name: (folder / name).read_bytes() for name in names}
