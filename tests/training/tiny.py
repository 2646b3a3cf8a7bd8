"""A training that takes seconds: clips that are made up, posts about two topics, a vocabulary of one Gaussian.

More Gaussians would each take up one hashtag, and Fisher vectors do not say which of them was used.
"""

from pathlib import Path

import numpy as np

from models.bundle import Bundle
from tests.clips import drifting, still, write
from tests.networks import write_classes, write_network

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
            lines.append(f"{path}\t{hashtag}\t{hashtag}\t{hashtag}_{number}\t\tmade up {number}")
    (folder / "clips.tsv").write_text("\n".join(lines) + "\n")
    _write_open_world(folder)
    write_network(folder / "network.onnx")
    write_classes(folder / "classes.tsv", ["ice cold", "summer", ""])
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
        appearance = {{network = "{folder / "network.onnx"}", classes = "{folder / "classes.tsv"}", pictures = 2}}
        embedding = {{members = 2, hidden = 20, iterations = 40, batch = 16}}
        [data]
        clips = "{clips}"
        clip_list = "{folder / "clips.tsv"}"
        posts = ["{folder / "posts.txt"}"]
        open_world = "{folder / "open.tsv"}"
        """
    )
    return config


def _write_open_world(folder: Path) -> None:
    """Write a clip of skating, one in which nothing moves and one that is none, and their table."""
    (folder / "open").mkdir()
    write(folder / "open" / "ice.mp4", drifting(22, (96, 80), step=HASHTAGS["skating"], seed=99))
    write(folder / "open" / "still.mp4", still(20))
    (folder / "open" / "text.mp4").write_text("not a clip")
    rows = [("ice.mp4", "ice", "Skates unheardof"), ("still.mp4", "wall", "wall"), ("text.mp4", "text", "skating")]
    lines = [f"{path}\t{category}\t{path}\tmade up\t{truth}" for path, category, truth in rows]
    (folder / "open.tsv").write_text("\n".join(["path\tcategory\tgroup\tsource\ttruth", *lines, ""]))


def _posts() -> list[str]:
    rng = np.random.default_rng(0)
    topics = ["skating ice rink winter cold", "jumping sand athletics leap summer"]
    return [" ".join(rng.permutation(topics[number % 2].split())[:3]) for number in range(300)]


def bundle_files(folder: Path) -> dict[str, bytes]:
    """Return the content of a bundle's files that are the same whenever they are made from the same things."""
    names = ["manifest.json", *Bundle.open(folder).manifest.files]
    return {name: (folder / name).read_bytes() for name in names}
