"""Says why no hashtag is left: which conditions rule out which tags."""

import math
from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence

from models.tags.ranking import Ranked
from models.tags.tag_list import name as named


def none_left(
    ranked: Iterable[Ranked],
    refusal: Callable[[int], str | None],
    score: Callable[[float], float],
    min_score: float,
    *,
    asked: Mapping[int, Sequence[str]] | None,
    narrowed_by: Sequence[str],
) -> str:
    """Return a sentence for whoever got no suggestion.

    Parameters
    ----------
    ranked : iterable of Ranked
        The tags that there are to choose from, the most relevant first.
    refusal : callable
        Returns why the tag of a row may not be suggested, None if it may.
    score : callable
        Maps the relevance of the most relevant tag that may be suggested to its score.
    min_score : float
    asked : mapping of int to sequence of str, optional
        The known tags of `allow` as typed, by their rows; None without `allow`.
    narrowed_by : sequence of str
        Names of the other parameters that rule tags out.
    """
    reasons: dict[str, list[int]] = defaultdict(list)
    below = ""
    for one in ranked:
        reason = refusal(one.row)
        if reason is None and not below:
            # Rounded down, so that it works as `min_score`.
            below = f"min_score {min_score:g}; the best has {math.floor(score(one.relevance) * 1e4) / 1e4:g}"
            if asked is None:
                left_by = f" left by {' and '.join(narrowed_by)}" if narrowed_by else ""
                return f"No hashtag{left_by} reaches {below}."
        reasons[reason or f"below {below}"].append(one.row)
    if asked is None:
        why = [f"{reason}: {len(rows):,} of them" for reason, rows in reasons.items()]
    else:
        why = [f"{reason}: {named(tag for row in rows for tag in asked[row])}" for reason, rows in reasons.items()]
    those = "hashtags nearest to the clip" if asked is None else "tags in allow"
    return f"None of the {those} can be suggested" + (f" ({'; '.join(why)})." if why else ".")
