"""The model card: for people, what a bundle was made from, how good it is and what it cannot do."""

from collections.abc import Mapping, Sequence

from models.bundle.files import CLASSES, TAG_VECTORS
from models.bundle.manifest import Manifest
from models.calibration import FIRST
from models.checksum import file_sha256
from training.evaluation.co_use import CoUseQuality, Relevant
from training.evaluation.nearest import SVM_COST
from training.evaluation.quality import ClassifierQuality, Quality
from training.examples import FEW
from training.tables import IMAGENET_CLASSES


def model_card(manifest: Manifest) -> str:
    """Write the card of a bundle in Markdown, from its manifest alone."""
    quality = Quality.model_validate(manifest.quality)
    return (
        "\n\n".join(
            [
                f"# {manifest.name} {manifest.version}",
                "Hashtags for short video clips, from motion (improved dense trajectories, Fisher vectors) and from "
                "pictures (an image network): small networks map both to a point of a Tag2Vec space, after "
                '"Learning to Hash-tag Videos with Tag2Vec" (Singh, Saini, Shah and Narayanan, ICVGIP 2016), and what '
                "the image network recognises is added where they are unsure. The training that made the bundle wrote "
                "this file.",
                *_data(manifest),
                *_quality(quality),
                *_feedback(manifest.training.counts),
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
        f"- **Clips**: {counts['clips_kept']:,}, with {counts['trajectories']:,} trajectories. Of these, "
        f"{sum(record.clips for record in training.hashtags):,} are labelled with one of "
        f"{len(training.hashtags)} hashtags; the others serve for the visual vocabulary and as background classes. "
        f"Left out: {left_out['duplicate']} duplicates, {left_out['no_trajectories']} without a trajectory, "
        f"{left_out['failed']} that could not be read.\n"
        "- **Footage** is for research use; its licences are mixed or unknown, and none of it is redistributed. The "
        "bundle holds statistics of motion and appearance over all clips, but no clip.\n"
        f"- **Posts**: {counts['posts']:,} lists of hashtags as users wrote them, of which {counts['posts_kept']:,} "
        f"were learnt from. The rest are {counts['posts_left_out']:,} from excluded sources, and spam, repeats and "
        f"lists with a single tag. {counts['tags']:,} tags have a vector. Promotional tags are left out and, as far as "
        "a list can catch them, slurs, hate and porn. No post is redistributed.\n"
        f"- **The image network** was not trained here: it comes as it was published{_tells(manifest)}.\n"
        "- **Weights** are under the project's licence (Apache-2.0).",
        _table(["data", "SHA-256"], [[record.name, f"`{record.sha256}`"] for record in training.data]),
    ]


def _tells(manifest: Manifest) -> str:
    if TAG_VECTORS in manifest.files:
        return ", as half of an image-text network, whose other half made a vector for each tag that it can tell"
    if CLASSES not in manifest.files:
        return ". Only its features are used: it names nothing"
    return ", trained on ImageNet" if _of_imagenet(manifest) else ", and a table says which tags its classes mean"


def _of_imagenet(manifest: Manifest) -> bool:
    classes = manifest.files.get(CLASSES)
    return classes is not None and classes.sha256 == file_sha256(IMAGENET_CLASSES)


def _quality(quality: Quality) -> list[str]:
    lines = [
        "## Quality",
        f"By {quality.folds}-fold cross-validation over {quality.clips} clips; clips of one source are never split "
        "between training and testing. PCA, Gaussian mixtures and tag vectors were learnt once, without labels, on all "
        "clips and posts; the networks were trained anew for each fold. `tag2vec evaluate` shows these figures.",
        _table(
            ["", "all clips", "mean over hashtags"],
            [
                ["nearest trained hashtag is right", *_percents(quality.nearest)],
                ["right hashtag among the nearest five", *_percents(quality.top5)],
                [f"linear SVM (C={SVM_COST:g}) on the same vectors", *_percents(quality.svm)],
                ["the paper's network (squared error, L-BFGS) on the same vectors", *_percents(quality.paper)],
            ],
        ),
        *_by_source(quality),
        _table(
            ["hashtag", "clips", "groups", "nearest", "top 5", "SVM", "paper", "nearest by source", "SVM by source"],
            [
                [
                    row.hashtag + (" *" if row.few_groups else ""),
                    str(row.clips),
                    str(row.groups),
                    _percent(row.accuracy),
                    _percent(row.top5),
                    _percent(row.svm_accuracy),
                    _percent(row.paper_accuracy),
                    _percent(row.source_accuracy),
                    _percent(row.source_svm_accuracy),
                ]
                for row in quality.hashtags
            ],
        ),
        f"\\* fewer than {FEW} groups: too few for a reliable figure.",
    ]
    lines += _first_five(quality) + _open_world(quality) + _co_use(quality.co_use) + _score(quality)
    lines += _zero_shot(quality)
    return lines + [
        f"Motion and pictures without tags: a linear SVM (C={SVM_COST:g}) on {benchmark.classes} classes of "
        f"{benchmark.benchmark} ({benchmark.clips} clips), {quality.folds}-fold by group, is right for "
        f"{_percent(benchmark.svm.over_clips)} of the clips, {_percent(benchmark.svm.over_classes)} as the mean over "
        "classes."
        for benchmark in quality.benchmarks
    ]


def _by_source(quality: Quality) -> list[str]:
    if (found := quality.by_source) is None:
        return []
    return [
        "A stricter test: clips of one source, often all of one uploader, place or match, are never split either. Only "
        f"the {found.clips} clips of {found.hashtags} hashtags that were learnt from other sources are judged.",
        _table(
            ["by source", "all clips", "mean over hashtags"],
            [
                ["nearest trained hashtag is right", *_percents(found.nearest)],
                ["right hashtag among the nearest five", *_percents(found.top5)],
                ["linear SVM on the same vectors", *_percents(found.svm)],
            ],
        ),
    ]


def _first_five(quality: Quality) -> list[str]:
    first = quality.first_five
    rows = [("the networks saw other clips of the hashtag", first.trained)]
    if first.left_out is not None:
        rows.append(("the networks saw no clip of the hashtag", first.left_out))
    return [
        "### The first five",
        f"Of the first {FIRST} suggestions for unseen clips, {first.relevant:.2f} are relevant by co-use (see below). "
        "The clip's own hashtag is among them, or is the first, for these shares of the clips of a hashtag (means over "
        "hashtags). `confident` is said of answers of which nine in ten have a right hashtag among the first five; it "
        "is calibrated against both kinds of clips in equal parts.",
        _table(
            ["", "among the first five", "first", "confident", "right if confident"],
            [[name, *map(_percent, (one.among, one.first, one.confident, one.right_confident))] for name, one in rows],
        ),
        f"The probability that one of the first five is right has an expected calibration error of "
        f"{first.reliability.ece:.3f} and an AUC of {first.reliability.auc:.3f} on clips that its curve was not fitted "
        "on.",
    ]


def _open_world(quality: Quality) -> list[str]:
    if (found := quality.open_world) is None:
        return []
    return [
        "### Open world",
        f"{found.clips} clips of anything, from {found.sources} sources, each with hashtags that a person wrote. "
        f"Nothing was learnt from them. One of the person's hashtags is among the first {FIRST} suggestions for "
        f"{_percent(found.any_right)} of the clips, and {found.right:.2f} are on average. "
        f"{_percent(found.confident)} of the clips are answered with confidence; of these, "
        f"{_percent(found.any_right_confident)} have one of the person's hashtags among the first {FIRST}.",
    ]


def _co_use(co_use: CoUseQuality) -> list[str]:
    ways: dict[str, Relevant] = {
        "**end to end: unseen clips, unseen posts**": co_use.end_to_end,
        "clips whose nearest trained hashtag is right": co_use.right,
        "clips whose nearest trained hashtag is wrong": co_use.wrong,
        "given the right hashtag": co_use.own_tag,
        "given a wrong hashtag": co_use.other_tag,
        "nearest tags (L2) of the right hashtag": co_use.plain,
        "tags most often used with the right hashtag": co_use.counted,
        "most popular tags": co_use.popular,
        "random tags": co_use.random,
    }
    return [
        "### Relevant hashtags",
        f"How many of {co_use.suggested} suggested hashtags people use together with the clip's own: in at least two "
        "unseen posts and with an NPMI above 0.1. One half of the posts is learnt from and the other judges, then the "
        "other way round; near-duplicate posts stay in one half. Means over hashtags of means over clips.",
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
    score, unknown = quality.score, quality.out_of_distribution
    lines = [
        "### Score and confidence",
        "`score` is the probability that people would keep the hashtag. It is calibrated against both kinds of clips "
        f"in equal parts, and low where the answer is unsure. On {score.count:,} suggestions for clips unseen by both "
        f"network and calibration, judged by unseen posts: expected calibration error {score.ece:.3f} "
        f"(ten bins of equal count), AUC {score.auc:.3f}, Brier score {score.brier:.4f}, against "
        f"{score.brier_by_rank:.4f} for a constant score for each rank.",
    ]
    if unknown is None:
        return lines
    return [
        *lines,
        f"Familiarity, which score and confidence depend on, is low for clips that resemble no trained hashtag. "
        f"{unknown.out_of_distribution} clips of {unknown.benchmark} are out of distribution: their motion has no "
        "hashtag, and the networks that embed them saw no clip of their class. Against "
        f"{unknown.in_distribution} unseen clips of the other classes, its AUROC is {unknown.auroc:.3f} (of length "
        f"alone: {unknown.auroc_of_length:.3f}).",
    ]


def _feedback(counts: Mapping[str, int]) -> list[str]:
    if not counts.get("feedback"):
        return []
    return [
        f"The score was then fitted anew to people's feedback on {counts['feedback']:,} suggested hashtags, "
        f"{counts['feedback_kept']:,} of which they kept. The figures of the score above are of the fit to posts."
    ]


def _zero_shot(quality: Quality) -> list[str]:
    zero = quality.zero_shot
    return [
        "### Hashtags without clips",
        f"With one hashtag left out of training, its tag is among the {zero.nearest} nearest of {zero.tags:,} for "
        f"{_percent(zero.found)} of its clips (mean over hashtags; {_percent(zero.over_clips)} of all clips). A clip "
        "is placed at the mean of the other hashtags' vectors, weighted by their probabilities according to the "
        f"network. Chance is {100 * zero.chance:.2f} %; clips of other hashtags find the tag in "
        f"{100 * zero.others:.2f} %, and the hashtag's own clips find tags of similar popularity in "
        f"{100 * zero.alike:.2f} %. The result is {zero.times_chance:.1f} times the largest of the three. Where the "
        f"network itself places the clips, it is {100 * zero.by_network:.2f} %.",
        _table(
            [
                "hashtag left out",
                "clips",
                f"among {zero.nearest} nearest",
                "median rank",
                "clips of others",
                "similarly popular tags",
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
        f"- It was trained on clips of {len(manifest.training.hashtags)} hashtags: "
        f"{', '.join(record.hashtag for record in manifest.training.hashtags)}. Any other clip gets the hashtags of "
        "what the image network takes its pictures for, or of whatever it resembles, and `confident` does not always "
        "say so.\n"
        + (f"- Learnt from very few sources, and so barely learnt: {', '.join(few)}.\n" if few else "")
        + "- It sees motion, and in a few pictures "
        + (
            "the things that ImageNet has classes of; not faces, sound or text. "
            if _of_imagenet(manifest)
            else "what the image network was trained on; no sound. "
        )
        + "Where nothing moves, it has the pictures alone.\n"
        "- Tags beyond the trained hashtags are those that posts use with them: mostly English, and from the years and "
        "places of the posts. They are not checked against what the clip shows.\n"
        "- No list of denied tags can know every offensive one.\n"
        "- It is not for judging people: who they are, what they do or how they feel.",
    ]


def _table(header: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    lines = [header, ["---"] * len(header), *rows]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)


def _percent(share: float | None) -> str:
    return "" if share is None else f"{100 * share:.1f} %"


def _percents(classifier: ClassifierQuality) -> list[str]:
    return [_percent(classifier.over_clips), _percent(classifier.over_classes)]
