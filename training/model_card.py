"""The model card: what a bundle was made from, how good it is and what it cannot do, for people."""

from collections.abc import Sequence

from models.bundle.manifest import Manifest
from training.evaluation.co_use import CoUseQuality, Relevant
from training.evaluation.nearest import SVM_COST
from training.evaluation.quality import ClassifierQuality, Quality
from training.examples import FEW


def model_card(manifest: Manifest) -> str:
    """Write the card of a bundle in Markdown; it says nothing that the manifest does not know."""
    quality = Quality.model_validate(manifest.quality)
    return (
        "\n\n".join(
            [
                f"# {manifest.name} {manifest.version}",
                "Hashtags for short video clips: improved dense trajectories, Fisher vectors, and a network into a "
                'Tag2Vec space, after "Learning to Hash-tag Videos with Tag2Vec" (Singh, Saini, Shah, Narayanan, '
                "ICVGIP 2016). This file is written by the training that made the bundle.",
                *_data(manifest),
                *_quality(quality),
                *_limits(manifest, quality),
            ]
        )
        + "\n"
    )


def _data(manifest: Manifest) -> list[str]:
    training = manifest.training
    counts = training.counts
    left_out = {status: counts.get(f"clips_{status}", 0) for status in ("failed", "no_trajectories", "duplicate")}
    return [
        "## Data and licences",
        f"- **Clips**: {counts['clips_kept']:,} with {counts['trajectories']:,} trajectories; "
        f"{sum(record.clips for record in training.hashtags):,} of them are labelled with one of "
        f"{len(training.hashtags)} hashtags, the others serve for the visual vocabulary alone. Left out: "
        f"{left_out['duplicate']} duplicates, {left_out['no_trajectories']} without a trajectory, "
        f"{left_out['failed']} that failed.\n"
        "- **Footage** is for research use; its licences are mixed or unknown, and none of it is redistributed. The "
        "bundle holds statistics of motion and appearance over all clips, and no clip.\n"
        f"- **Posts**: {counts['posts']:,} lists of hashtags as their users wrote them, {counts['posts_kept']:,} "
        f"learnt from after {counts['posts_left_out']:,} of sources that the training leaves out, spam, repeats and "
        f"lists of one tag; {counts['tags']:,} tags have a vector. Promotional "
        "tags and, as far as a list can tell, slurs, hate and porn are left out. No post is redistributed.\n"
        "- **Weights** are under the project's licence (Apache-2.0).",
        _table(["data", "SHA-256"], [[record.name, f"`{record.sha256}`"] for record in training.data]),
    ]


def _quality(quality: Quality) -> list[str]:
    lines = [
        "## Quality",
        f"By {quality.folds}-fold cross-validation over {quality.clips} clips; clips of one source are never split "
        "between training and testing. PCA, Gaussian mixtures and tag vectors were learnt once, without labels, on all "
        "clips and posts; the network was trained anew for each fold. `tag2vec evaluate` measures this.",
        _table(
            ["", "all clips", "mean over hashtags"],
            [
                ["nearest trained hashtag is right", *_percents(quality.nearest)],
                ["right one among the nearest five", *_percents(quality.top5)],
                [f"linear SVM (C={SVM_COST:g}) on the same Fisher vectors", *_percents(quality.svm)],
                ["the paper's network, squared error by L-BFGS", *_percents(quality.paper)],
            ],
        ),
        _table(
            ["hashtag", "clips", "groups", "nearest", "top 5", "SVM", "paper"],
            [
                [
                    row.hashtag + (" *" if row.few_groups else ""),
                    str(row.clips),
                    str(row.groups),
                    _percent(row.accuracy),
                    _percent(row.top5),
                    _percent(row.svm_accuracy),
                    _percent(row.paper_accuracy),
                ]
                for row in quality.hashtags
            ],
        ),
        f"\\* fewer than {FEW} groups: the figure says little.",
    ]
    lines += _co_use(quality.co_use) + _score(quality) + _zero_shot(quality)
    return lines + [
        f"The features alone: {benchmark.classes} classes of {benchmark.benchmark} ({benchmark.clips} clips), linear "
        f"SVM (C={SVM_COST:g}), {quality.folds}-fold by group: {_percent(benchmark.svm.over_clips)} of the clips, "
        f"{_percent(benchmark.svm.over_classes)} as the mean over classes."
        for benchmark in quality.benchmarks
    ]


def _co_use(co_use: CoUseQuality) -> list[str]:
    ways: dict[str, Relevant] = {
        "**end to end: clips and posts kept apart**": co_use.end_to_end,
        "clips whose nearest trained hashtag is right": co_use.right,
        "clips whose nearest trained hashtag is wrong": co_use.wrong,
        "given the right hashtag": co_use.own_tag,
        "given a wrong hashtag": co_use.other_tag,
        "nearest tags (L2) of the right hashtag": co_use.plain,
        "tags counted most beside the right hashtag": co_use.counted,
        "most popular tags": co_use.popular,
        "random tags": co_use.random,
    }
    return [
        "### Relevant hashtags",
        f"Of {co_use.suggested} suggested hashtags, those that people use beside the clip's own: in posts that nothing "
        "was learnt from, in at least two and with an NPMI over 0.1. Learnt from one half of the posts and judged by "
        "the other, both ways; near-duplicate posts stay in one half. Means over hashtags of means over clips.",
        _table(
            ["", f"relevant of {co_use.suggested}", "none relevant"],
            [[way, f"{found.relevant:.2f}", _percent(found.none)] for way, found in ways.items()],
        ),
        _table(
            ["hashtag", "posts", "clips", "end to end", "none", "right", "wrong", "own tag", "plain", "counted"],
            [
                [
                    row.hashtag,
                    str(row.posts),
                    str(row.clips),
                    f"{row.end_to_end:.1f}",
                    _percent(row.none),
                    "" if row.right is None else f"{row.right:.1f}",
                    "" if row.wrong is None else f"{row.wrong:.1f}",
                    f"{row.own_tag:.1f}",
                    f"{row.plain:.1f}",
                    f"{row.counted:.1f}",
                ]
                for row in co_use.hashtags
            ],
        ),
    ]


def _score(quality: Quality) -> list[str]:
    score, strangers = quality.score, quality.strangers
    lines = [
        "### Score and confidence",
        f"`score` is the probability that people would keep the hashtag. On {score.count:,} suggestions for clips that "
        f"neither network nor calibration had to do with, judged by posts kept apart: expected calibration error "
        f"{score.ece:.3f} (ten bins of equal count), AUC {score.auc:.3f}, Brier score {score.brier:.4f}; a constant "
        f"for each rank has {score.brier_by_rank:.4f}.",
    ]
    if strangers is None:
        return lines
    return [
        *lines,
        f"`confident` is false where a clip looks like nothing that was trained on. {strangers.strangers} clips of "
        f"{strangers.benchmark} whose motion has no hashtag, each met by networks that saw none of its kind, against "
        f"{strangers.known} clips kept apart of its other classes: AUROC {strangers.auroc:.3f} (length alone: "
        f"{strangers.auroc_of_length:.3f}). Of the latter {_percent(strangers.known_confident)} are answered with "
        f"confidence, of the strangers {_percent(strangers.strangers_confident)}.",
    ]


def _zero_shot(quality: Quality) -> list[str]:
    zero = quality.zero_shot
    return [
        "### Hashtags without clips",
        f"With one hashtag left out of training, its tag is among the {zero.nearest} nearest of {zero.tags:,} for "
        f"{_percent(zero.found)} of its clips (mean over hashtags; {_percent(zero.over_clips)} of all clips), where a "
        "clip is put at the mean of the other hashtags' vectors, each weighed as likely as the network holds it. By "
        f"chance it would be {100 * zero.chance:.2f} %; it is so for {100 * zero.others:.2f} % of the clips of other "
        f"hashtags, and tags about as popular are so for {100 * zero.alike:.2f} % of its own: "
        f"{zero.times_chance:.1f} times the largest of the three. Where the network itself puts the clips, it is "
        f"{100 * zero.by_network:.2f} %.",
        _table(
            [
                "hashtag left out",
                "clips",
                f"among {zero.nearest} nearest",
                "middle place",
                "clips of others",
                "tags as popular",
                "by the network itself",
            ],
            [
                [
                    row.hashtag,
                    str(row.clips),
                    _percent(row.found),
                    f"{row.median_rank:,.0f}",
                    _percent(row.others),
                    _percent(row.alike),
                    _percent(row.by_network),
                ]
                for row in zero.hashtags
            ],
        ),
    ]


def _limits(manifest: Manifest, quality: Quality) -> list[str]:
    few = [row.hashtag for row in quality.hashtags if row.few_groups]
    return [
        "## What it cannot do",
        f"- It knows {len(manifest.training.hashtags)} kinds of motion: "
        f"{', '.join(record.hashtag for record in manifest.training.hashtags)}. A clip of anything else is still "
        "answered, by whatever it resembles, and `confident` does not always say so.\n"
        + (f"- Learnt from very few sources, so hardly at all: {', '.join(few)}.\n" if few else "")
        + "- It sees motion and edges, not objects, faces, colour, sound or text, and needs something to move.\n"
        "- Tags beyond the trained hashtags are those that posts use beside them, mostly English and of the years and "
        "places that the posts come from; they are not checked against what the clip shows.\n"
        "- A list of denied tags cannot know every offensive one.\n"
        "- Not for judging people: who someone is, does or feels.",
    ]


def _table(header: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    lines = [header, ["---"] * len(header), *rows]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)


def _percent(share: float) -> str:
    return f"{100 * share:.1f} %"


def _percents(classifier: ClassifierQuality) -> list[str]:
    return [_percent(classifier.over_clips), _percent(classifier.over_classes)]
