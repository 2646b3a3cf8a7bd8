"""Table 1 of the paper: the neighbours of a tag among tags, and among the words of running text."""

from pathlib import Path
from typing import Final

from models.tags.space import TagSpace
from training.report.page import Section, Table
from training.report.queries import find
from training.report.word_vectors import neighbours, read_word_vectors

QUERIES: Final = ("pushups", "polevault", "kayaking", "basketball")
NEIGHBOURS: Final = 10


def neighbours_table(space: TagSpace, words: Path | None) -> Section:
    """Tabulate the nearest tags beside the nearest words; `words` is a file as in `word_vectors`."""
    vectors = read_word_vectors(words) if words else None
    rows, notes = [], []
    for asked in QUERIES:
        query = find(space, asked)
        if note := query.note():
            notes.append(note)
        tags = [space.display(one.stem) for one in space.neighbours(query.shown, NEIGHBOURS)] if query.shown else []
        near = neighbours(vectors, asked, NEIGHBOURS) if vectors is not None else None
        shown = f"missing; #{query.shown}: {', '.join(tags)}" if query.missing else ", ".join(tags)
        known = ", ".join(near) if near else "missing"
        rows.append([f"#{asked}", shown, known if vectors is not None else "–"])
    if words is None or vectors is None:
        notes.append("There are no word vectors to compare with: give --words.")
    else:
        notes.append(
            f"Words: {words.name}, {len(vectors):,} vectors of {vectors.vector_size} dimensions, nearest by cosine."
        )
    return Section(
        title="Table 1: tags and words",
        text=[
            f"The {NEIGHBOURS} nearest tags in Tag2Vec beside the {NEIGHBOURS} nearest words in a space learnt from "
            "running text: people do not tag as they write.",
        ],
        tables=[Table(["", "Tag2Vec", "words"], rows)],
        notes=notes,
    )
