"""Figure 2 of the paper: word clouds of the tags nearest to a tag."""

from typing import Any, Final

import numpy as np
from wordcloud import WordCloud

from models.tags.space import Neighbour, TagSpace
from models.tags.stemming import normalise, stem
from training.report.page import Picture, Section
from training.report.queries import Query, find
from training.report.style import HUE, INK, SOFT, drawable, figure, font_file, to_png

QUERIES: Final = ("basketball", "billiards", "pushup", "baseball", "kayaking", "breast stroke")
NEIGHBOURS: Final = 29
_SIZE: Final = (960, 640)
_SHADES: Final = ("#1c1e26", "#34406e", "#4a5fa8", "#6c80c6", "#93a2d6")
"""For tags from near to far."""


def word_clouds(space: TagSpace) -> Section:
    """Draw the word clouds of the paper's six tags."""
    found = [find(space, asked) for asked in QUERIES]
    notes = [note for query in found if (note := query.note())]
    undrawn: set[str] = set()
    with figure(15, 7.6) as drawn:
        for axes, query in zip(drawn.subplots(2, 3).flat, found, strict=True):
            axes.axis("off")
            if query.shown is None:
                axes.text(0.5, 0.5, f"#{query.asked}\nis missing", ha="center", va="center", color=SOFT, size=14)
                continue
            name = stem(normalise(query.shown))
            count = int(space.counts[space.row(name)])
            neighbours = space.neighbours(query.shown, NEIGHBOURS)
            undrawn |= {tag for one in neighbours if not drawable(tag := space.display(one.stem))}
            axes.imshow(_cloud(space, name, neighbours), interpolation="antialiased")
            axes.set_title(_title(query, space.display(name), count), color=SOFT if query.missing else INK)
        png = to_png(drawn)
    if undrawn:
        notes.append(f"Left out of the pictures, for the font lacks their letters: {', '.join(sorted(undrawn))}.")
    return Section(
        title="Figure 2: nearest tags",
        text=[
            f"The {NEIGHBOURS} tags nearest to each of six, in the space that was learnt from posts alone. The size of "
            "a tag is proportional to the inverse of its L2 distance; the tag looked up is the largest.",
        ],
        pictures=[Picture("figure2_word_clouds", png, f"Word clouds around {', '.join(QUERIES)}")],
        notes=notes,
    )


def sizes(name: str, neighbours: list[Neighbour]) -> dict[str, float]:
    """Return the relative size of each stem: the inverse of its distance; for the query, 1.25 times the largest."""
    # Two tags may coincide: a distance counts as at least 0.01.
    inverse = {one.stem: 1 / max(one.distance, 0.01) for one in neighbours}
    return {name: 1.25 * max(inverse.values(), default=1.0)} | inverse


def _title(query: Query, shown: str, count: int) -> str:
    posts = f"{count:,} posts"
    return f"#{query.asked} is missing, shown: #{shown} ({posts})" if query.missing else f"#{shown} ({posts})"


def _cloud(space: TagSpace, name: str, neighbours: list[Neighbour]) -> np.ndarray[Any, np.dtype[np.uint8]]:
    weights = {space.display(one): weight for one, weight in sizes(name, neighbours).items()}
    weights = {tag: weight for tag, weight in weights.items() if drawable(tag)}
    order = list(weights)

    def colour(word: str, **_: object) -> str:
        place = order.index(word)
        return HUE if place == 0 else _SHADES[min(len(_SHADES) - 1, (place - 1) * len(_SHADES) // NEIGHBOURS)]

    # WordCloud shrinks a word without room and all that follow: start smaller until every word has room.
    for largest in range(130, 40, -10):
        cloud = WordCloud(
            width=_SIZE[0],
            height=_SIZE[1],
            font_path=font_file(),
            background_color="white",
            prefer_horizontal=1.0,
            relative_scaling=1.0,
            max_font_size=largest,
            margin=4,
            random_state=0,
            color_func=colour,
        ).generate_from_frequencies(weights)
        if all(size > 0.85 * largest * weight for (_, weight), size, *_ in cloud.layout_):
            break
    return np.asarray(cloud.to_image())
