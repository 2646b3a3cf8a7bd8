"""De-stemming: how often the inflection shown is the one that people wrote, compared with the most common one.

    python -m benchmarks.destemming posts.jsonl.gz

One half of the posts is learnt from, the other judges; near-duplicates stay in one half. For each use of a stem that is
often written in several inflections, the inflection is predicted from the post's other tags.
"""

import argparse
import json
import tempfile
from collections import Counter
from collections.abc import Sequence
from dataclasses import replace
from itertools import islice
from pathlib import Path

import numpy as np

from models.tags.cooccurrence import Cooccurrence
from models.tags.inflections import Inflections
from models.tags.space import TagSpace
from models.tags.stemming import normalise, stem
from models.tags.suggestions import Suggester
from training.artifacts import Artifacts
from training.corpus import CorpusSettings, build_corpus, read_stems
from training.embedding import EmbeddingSettings
from training.inflections import learn_inflections
from training.posts import read_posts
from training.relevance import split_posts
from training.tag2vec import Tag2VecSettings, train_tag2vec

Written = dict[str, str]


def learn(posts: Sequence[Written], work: Path) -> tuple[Suggester, Inflections]:
    """Learn tag space and inflections from posts, each a mapping from stems to their written form."""
    file = work / "posts.jsonl"
    file.write_text("".join(json.dumps({"tags": list(post.values())}) + "\n" for post in posts), encoding="utf-8")
    artifacts = replace(Artifacts.under(work), corpus=work, tag2vec=work)
    build_corpus(work, posts=[file], settings=CorpusSettings())
    train_tag2vec(work, artifacts, settings=Tag2VecSettings())
    learn_inflections(work, artifacts, posts=[file], settings=CorpusSettings())
    space, inflections = TagSpace.load(work), Inflections.load(work)
    none, temperature = Cooccurrence.empty(len(space)), EmbeddingSettings().temperature
    return Suggester(space, none, temperature=temperature, inflections=inflections), inflections


def main() -> None:
    """Print the shares of correct inflections as a JSON object."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("posts", type=Path, help="a file of posts")
    parser.add_argument("--every", type=int, default=1, help="read every n-th post")
    arguments = parser.parse_args()
    posts = []
    for tags, *_ in islice(read_posts(arguments.posts), 0, None, arguments.every):
        post: Written = {}
        for normal in filter(None, map(normalise, tags)):
            post.setdefault(stem(normal), normal)
        posts.append(dict(list(post.items())[: CorpusSettings().max_tags]))
    split = split_posts([list(post) for post in posts])
    with tempfile.TemporaryDirectory() as folder:
        work = Path(folder)
        suggester, inflections = learn([post for post, side in zip(posts, split, strict=True) if side == 0], work)
        space = suggester.space
        stems = set(space.stems)
        common = {entry.name: next(iter(entry.inflections)) for entry in read_stems(work) if entry.name in stems}
    several = {space.stems[row] for row in inflections.stems.tolist()}
    right: Counter[str] = Counter()
    for post in (post for post, side in zip(posts, split, strict=True) if side == 1):
        for name in several.intersection(post):
            beside = [space.vector(other) for other in post if other != name and other in common]
            if beside:
                right["uses"] += 1
                right["most common"] += common[name] == post[name]
                right["shown"] += suggester.show(name, np.sum(beside, axis=0)) == post[name]
    shares = {name: round(right[name] / right["uses"], 4) for name in ("most common", "shown")}
    print(json.dumps({"stems": len(several), "uses": right["uses"], **shares}))


if __name__ == "__main__":
    main()
