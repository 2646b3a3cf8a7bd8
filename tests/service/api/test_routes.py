"""What clients see: hashtags, neighbours, information."""

import os
import re
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from fractions import Fraction
from pathlib import Path
from typing import get_args

import pytest

from models.bundle import Bundle
from models.encoder import STILL
from models.pipeline import UNSURE
from models.tags.platforms import PlatformName
from models.tags.stemming import stem
from tests.clips import cut, drifting, still, write, write_audio, write_empty, write_huge, write_playlist, write_way
from tests.service.running import Running

UPLOADS: dict[str, tuple[str, Callable[[Path], Path]]] = {
    "playlist": ("not_a_video", lambda folder: write_playlist(folder / "list.mp4", "/etc/passwd")),
    "no frame": ("no_video_stream", lambda folder: write_empty(folder / "empty.mp4")),
    "sound": ("no_video_stream", lambda folder: write_audio(folder / "sound.mkv")),
    "10,000 x 10,000": ("clip_too_large", lambda folder: write_huge(folder / "huge.mkv")),
    "61 s": ("clip_too_long", lambda folder: write(folder / "long.mp4", still(610, (64, 64)), fps=10)),
    "half": ("truncated", lambda folder: cut(folder / "half.mp4", write(folder / "whole.mp4"), 0.5)),
}


def test_answer_to_a_clip_sent_as_body_and_as_form(server: Running, clip: bytes) -> None:
    body = server.suggest(clip)
    form = server.client.post("/v1/hashtags", files={"file": ("a clip.mp4", clip, "video/mp4")})
    assert body.status_code == form.status_code == 200
    answer = body.json()
    assert answer["hashtags"] == form.json()["hashtags"]
    assert [found["rank"] for found in answer["hashtags"]] == list(range(1, 16))
    tags = [found["tag"] for found in answer["hashtags"]]
    assert len(set(tags)) == 15
    assert not any(tag.startswith("#") for tag in tags)
    assert all(0 <= found["score"] <= 1 for found in answer["hashtags"])
    video = answer["video"]
    assert (video["width"], video["height"], video["frames_used"]) == (160, 120, 30)
    assert video["duration_s"] == pytest.approx(1.0, abs=0.05)
    assert video["fps"] == pytest.approx(30)
    assert video["trajectories"] > 0
    assert answer["warnings"] == ([] if answer["confident"] else [UNSURE])
    assert answer["request_id"] == body.headers["x-request-id"]


def test_hashtags_are_explained_if_asked(server: Running, clips: Path) -> None:
    """With the same hashtags as without; what is cached without slots does not serve who asks for them."""
    clip = write(clips / "explained.mp4", drifting(75, seed=8)).read_bytes()
    plain, explained, again = (server.suggest(clip, explain=explain).json() for explain in (False, True, True))
    assert again["timings_ms"]["trajectories"] == 0
    for bare, found, same in zip(plain["hashtags"], explained["hashtags"], again["hashtags"], strict=True):
        assert bare["because"] is bare["moments"] is None
        assert found == same
        assert found == bare | {"because": found["because"], "moments": found["moments"]}
        assert 1 <= len(found["because"]) <= 5
        assert {reason["kind"] for reason in found["because"]} <= {"hashtag", "seen"}
        for parts in (found["because"], found["moments"]):
            assert sum(part["share"] for part in parts) == pytest.approx(1, abs=1e-3)  # each is rounded
        assert [part["start_s"] for part in found["moments"]] == pytest.approx([0, 1, 2])
        assert found["moments"][-1]["end_s"] == pytest.approx(2.5)


def test_moments_of_a_part_are_seconds_of_the_clip(server: Running, clips: Path) -> None:
    clip = write(clips / "explained.mp4", drifting(75, seed=8)).read_bytes()
    form = {"start": "0.8", "end": "2.3", "explain": "true", "hint": "skateboarding"}
    answer = server.client.post("/v1/hashtags", files={"file": clip}, data=form).json()
    for found in answer["hashtags"]:
        assert found["moments"][0]["start_s"] == pytest.approx(0.8, abs=0.04)
        assert found["moments"][-1]["end_s"] == pytest.approx(2.3, abs=0.04)
        assert {reason["name"] for reason in found["because"] if reason["kind"] == "hint"} <= {"skateboarding"}
    assert server.suggest(clip, explain="perhaps").status_code == 422


def test_timings_add_up_and_a_known_clip_takes_none(server: Running, clips: Path) -> None:
    clip = write(clips / "timed.mp4", drifting(30, seed=5)).read_bytes()
    first, second = server.suggest(clip).json(), server.suggest(clip).json()
    spent = first["timings_ms"]
    assert spent.pop("total") == pytest.approx(sum(spent.values()), abs=1e-3)  # each is rounded
    assert min(spent.values()) > 0
    assert {second["timings_ms"][stage] for stage in ("decode", "trajectories", "fisher", "appearance")} == {0}
    assert first["hashtags"] == second["hashtags"]
    assert first["video"] == second["video"]


def test_query_narrows_the_answer(server: Running, clip: bytes) -> None:
    answer = server.suggest(clip, k=50).json()["hashtags"]
    assert len(answer) == 50
    assert server.suggest(clip, k=3).json()["hashtags"] == answer[:3]
    unwanted = [answer[0]["tag"], "#" + answer[1]["tag"].upper()]
    rest = server.suggest(clip, k=10, exclude=unwanted).json()["hashtags"]
    assert not {found["tag"] for found in rest} & {answer[0]["tag"], answer[1]["tag"]}
    least = sorted(found["score"] for found in answer)[25]
    above = server.suggest(clip, k=50, min_score=least).json()["hashtags"]
    assert {found["tag"] for found in above} >= {found["tag"] for found in answer if found["score"] >= least}
    assert all(found["score"] >= least for found in above)
    none = server.suggest(clip, min_score=1).json()
    best = max(found["score"] for found in answer)
    assert none["hashtags"] == []
    assert f"No hashtag reaches min_score 1; the best has {best:g}." in none["warnings"]


@pytest.mark.parametrize(
    "query", ["k=0", "k=51", "k=x", "min_score=-0.1", "min_score=1.1", "min_score=nan", "diversity=inf", "l=3"]
)
def test_query_that_does_not_fit(server: Running, clip: bytes, query: str) -> None:
    response = server.client.post(f"/v1/hashtags?{query}", content=clip, headers={"Content-Type": "video/mp4"})
    assert response.status_code == 422
    problem = response.json()
    assert problem["code"] == "invalid_request"
    assert problem["errors"][0]["where"].startswith(f"query.{query.split('=')[0]}")


def test_short_clip_is_answered_with_a_warning(server: Running, clips: Path) -> None:
    response = server.suggest(write(clips / "short.mp4", drifting(15)).read_bytes())
    assert response.status_code == 200
    assert "15 frames" in response.json()["warnings"][0]


@pytest.mark.parametrize("frames", [1, 20])
def test_a_still_clip_is_answered_from_its_pictures(server: Running, clips: Path, frames: int) -> None:
    response = server.suggest(write(clips / f"still{frames}.mp4", still(frames)).read_bytes())
    assert response.status_code == 200
    answer = response.json()
    assert len(answer["hashtags"]) == 15
    assert answer["video"]["trajectories"] == 0
    assert STILL in answer["warnings"]


def test_neighbours(server: Running, clip: bytes) -> None:
    tag = server.client.get("/v1/tags").json()["tags"][0]["tag"]
    answer = server.client.get(f"/v1/tags/%23{tag.upper()}/neighbours", params={"k": 5})
    assert answer.status_code == 200
    assert answer.json()["tag"] == tag
    found = answer.json()["neighbours"]
    assert [neighbour["rank"] for neighbour in found] == [1, 2, 3, 4, 5]
    assert tag not in {neighbour["tag"] for neighbour in found}
    distances = [neighbour["distance"] for neighbour in found]
    assert distances == sorted(distances)
    unknown = server.client.get("/v1/tags/qwertzuiopasdfghjkl/neighbours")
    assert unknown.status_code == 404
    assert unknown.json()["code"] == "unknown_tag"


def test_neighbours_of_several_tags(server: Running) -> None:
    tags = [one["tag"] for one in server.client.get("/v1/tags").json()["tags"]]
    query = {"plus": tags[1], "minus": f"#{tags[2].upper()}"}
    answer = server.client.get(f"/v1/tags/{tags[0]}/neighbours", params=query).json()
    assert [one["tag"] for one in answer["plus"]] == tags[:2]
    assert [one["tag"] for one in answer["minus"]] == [tags[2]]
    assert not {neighbour["tag"] for neighbour in answer["neighbours"]} & set(tags[:3])
    assert answer["warnings"] == []
    nothing = server.client.get(f"/v1/tags/{tags[0]}/neighbours", params={"minus": tags[0]})
    assert (nothing.status_code, nothing.json()["code"]) == (422, "invalid_request")
    assert nothing.json()["errors"] == [{"where": "query.minus", "what": "The tags cancel out. Ask for other tags."}]
    unknown = server.client.get(f"/v1/tags/{tags[0]}/neighbours", params={"plus": "qwertzuiopasdfghjkl"})
    assert (unknown.status_code, unknown.json()["code"]) == (404, "unknown_tag")


def test_an_unknown_tag_is_answered_from_its_parts_and_says_so(server: Running) -> None:
    answer = server.client.get("/v1/tags/GolfingDogs/neighbours").json()
    assert answer["tag"] == "golfingdogs"
    assert [stem(part) for part in answer["plus"][0]["parts"]] == ["golf", "dog"]
    assert "#golfingdogs" in answer["warnings"][0]
    assert len(answer["neighbours"]) == 15


def test_ranks_and_allowed_tags(server: Running, clip: bytes) -> None:
    similar = server.suggest(clip, k=30).json()["hashtags"]
    popular = server.suggest(clip, k=30, rank="popular").json()["hashtags"]
    assert [found["tag"] for found in popular] != [found["tag"] for found in similar]
    assert server.suggest(clip, rank="best").json()["code"] == "invalid_request"
    allow = [similar[4]["tag"].upper(), "#" + similar[2]["tag"], "qwertzuiop"]
    answer = server.suggest(clip, allow=allow).json()
    assert {found["tag"] for found in answer["hashtags"]} == {similar[4]["tag"], similar[2]["tag"]}
    assert answer["warnings"][0] == "The model does not know these tags, so they have no effect: #qwertzuiop."
    nothing = server.suggest(clip, allow="porn").json()
    assert nothing["hashtags"] == []
    assert "None of the tags in allow can be suggested." in nothing["warnings"]


def test_lists_with_commas(server: Running, clip: bytes) -> None:
    best = [found["tag"] for found in server.suggest(clip, k=50).json()["hashtags"]]
    rest = server.suggest(clip, k=48, exclude=f"{best[0]},#{best[1].upper()}").json()["hashtags"]
    assert not {best[0], best[1]} & {found["tag"] for found in rest}
    allowed = server.suggest(clip, allow=[f"{best[3]}, {best[5]}", best[7]]).json()["hashtags"]
    assert {found["tag"] for found in allowed} == {best[3], best[5], best[7]}
    neighbours = "/v1/tags/yoga/neighbours"
    listed = server.client.get(neighbours, params={"plus": "beach,sun", "minus": "gym, snow"}).json()
    assert listed == server.client.get(neighbours, params={"plus": ["beach", "sun"], "minus": ["gym", "snow"]}).json()
    assert [one["tag"] for one in listed["minus"]] == ["gym", "snow"]


def test_completion(server: Running) -> None:
    answer = server.client.get("/v1/tags", params={"prefix": "#Bea", "k": 5})
    tags = answer.json()["tags"]
    assert len(tags) == 5
    assert all(one["tag"].startswith("bea") for one in tags)
    assert "beach" in {one["tag"] for one in tags}
    posts = [one["posts"] for one in tags]
    assert posts == sorted(posts, reverse=True)
    assert answer.json()["model"]["sha256"] == server.client.get("/v1/info").json()["model"]["sha256"]
    again = server.client.get("/v1/tags?prefix=bea&k=5", headers={"If-None-Match": answer.headers["etag"]})
    assert again.status_code == 304
    assert server.client.get("/v1/tags?prefix=porn").json()["tags"] == []
    assert server.client.get("/v1/tags?k=51").json()["code"] == "invalid_request"


def test_answers_for_a_platform(server: Running, clip: bytes) -> None:
    answer = server.client.get("/v1/platforms")
    assert [one["name"] for one in answer.json()["platforms"]] == list(get_args(PlatformName))
    again = server.client.get("/v1/platforms", headers={"If-None-Match": answer.headers["etag"]})
    assert again.status_code == 304
    for platform in answer.json()["platforms"]:
        found = server.suggest(clip, k=50, platform=platform["name"]).json()["hashtags"]
        assert len(found) == min(50, platform["most_tags"] or 50)
        assert all(re.search(platform["pattern"], one["tag"]) for one in found)
    refused = server.suggest(clip, platform="myspace").json()
    assert (refused["code"], refused["errors"][0]["where"]) == ("invalid_request", "query.platform")


def test_part_of_a_clip(server: Running, clips: Path) -> None:
    frames = list(drifting(90, (96, 72), seed=11))
    path = write(clips / "parts.mkv", frames, codec="ffv1")
    alone = write(clips / "part.mkv", frames[30:60], codec="ffv1").read_bytes()
    whole = server.suggest(path.read_bytes()).json()
    part = server.suggest(path.read_bytes(), start=1, end=2).json()
    assert (whole["video"]["start_s"], whole["video"]["frames_used"]) == (0, 45)
    assert (part["video"]["start_s"], part["video"]["duration_s"], part["video"]["frames_used"]) == (1, 1, 30)
    assert part["video"]["trajectories"] < whole["video"]["trajectories"]
    assert part["hashtags"] == server.suggest(alone).json()["hashtags"]
    again = server.suggest(path.read_bytes(), start=1, end=2).json()
    assert again["timings_ms"]["decode"] == 0
    assert again["hashtags"] == part["hashtags"]
    fields = {"start": "1", "end": "2"}
    form = server.client.post("/v1/hashtags", files={"file": ("x.mp4", path.read_bytes())}, data=fields).json()
    assert (form["video"], form["hashtags"]) == (part["video"], part["hashtags"])
    assert server.suggest(path.read_bytes(), start=3.5).json()["code"] == "no_such_part"


def test_tracks(server: Running, clips: Path) -> None:
    clip = write(clips / "moves.mp4", drifting(60, seed=12)).read_bytes()
    without = server.suggest(clip).json()
    assert without["tracks"] is None
    answer = server.suggest(clip, tracks=True).json()
    assert answer["timings_ms"]["decode"] > 0, "what is cached without tracks has none"
    tracks = answer["tracks"]
    assert (tracks["width"], tracks["height"]) == (answer["video"]["width"], answer["video"]["height"]) == (160, 120)
    assert len(tracks["points"]) == len(tracks["starts_s"]) == min(500, answer["video"]["trajectories"]) > 0
    assert {len(points) for points in tracks["points"]} == {32}
    assert all(0 <= x < 160 for points in tracks["points"] for x in points[::2])
    assert all(0 <= y < 120 for points in tracks["points"] for y in points[1::2])
    assert min(tracks["starts_s"]) < 0.2
    assert answer["hashtags"] == without["hashtags"]
    again = server.suggest(clip, tracks=True).json()
    assert (again["timings_ms"]["decode"], again["tracks"]) == (0, tracks)
    assert server.suggest(clip).json()["tracks"] is None
    part = server.suggest(clip, tracks=True, start=0.5).json()
    assert min(part["tracks"]["starts_s"]) >= 0.5
    fields = {"tracks": "true"}
    form = server.client.post("/v1/hashtags", files={"file": ("x.mp4", clip)}, data=fields).json()
    assert form["tracks"] == tracks
    unmoved = server.suggest(write(clips / "still.mp4", still(20)).read_bytes(), tracks=True).json()
    assert (unmoved["tracks"]["points"], unmoved["tracks"]["starts_s"], unmoved["tracks"]["step_s"]) == ([], [], 0)
    refused = server.suggest(clip, tracks="some").json()
    assert (refused["code"], refused["errors"][0]["where"]) == ("invalid_request", "query.tracks")


@pytest.mark.parametrize(
    ("query", "where"), [("start=2&end=2", "end"), ("end=0", "end"), ("start=-1", "start"), ("start=inf", "start")]
)
def test_what_is_no_part(server: Running, clip: bytes, query: str, where: str) -> None:
    response = server.client.post(f"/v1/hashtags?{query}", content=clip, headers={"Content-Type": "video/mp4"})
    assert (response.status_code, response.json()["errors"][0]["where"]) == (422, f"query.{where}")


def test_unknown_parameters_are_refused_in_plain_words(server: Running, clip: bytes) -> None:
    (error,) = server.suggest(clip, l=3).json()["errors"]
    assert error == {"where": "query.l", "what": "There is no such parameter. Check its spelling, or leave it out."}


def test_information_tells_limits_and_is_not_sent_twice(server: Running, bundle: Path) -> None:
    answer = server.client.get("/v1/info")
    info = answer.json()
    assert info["containers"] == ["mp4", "mov", "3gp", "webm", "mkv", "avi", "flv", "ts", "gif"]
    assert info["limits"]["max_bytes"] == 64 * 2**20
    assert info["limits"]["queue"] == 16
    trained = [record.hashtag for record in Bundle.open(bundle).manifest.training.hashtags]
    assert info["model"]["hashtags"] == sorted(trained)
    assert re.fullmatch("[0-9a-f]{64}", info["model"]["sha256"])
    etag = answer.headers["etag"]
    again = server.client.get("/v1/info", headers={"If-None-Match": etag})
    assert again.status_code == 304
    assert not again.content
    assert server.client.get("/v1/info", headers={"If-None-Match": '"other"'}).status_code == 200


def test_two_clients_at_a_time_get_what_each_gets_alone(server: Running, clips: Path) -> None:
    many = [write(clips / f"of{seed}.mp4", drifting(24, seed=seed)).read_bytes() for seed in (21, 22)]
    alone = [server.suggest(clip).json() for clip in many]
    with ThreadPoolExecutor(2) as pool:
        together = [answer.json() for answer in pool.map(server.suggest, many)]
    for one, other in zip(alone, together, strict=True):
        assert one["hashtags"] == other["hashtags"]
        assert one["video"] == other["video"]


@pytest.mark.skipif("TAG2VEC_DATA" not in os.environ, reason="TAG2VEC_DATA is not set: no real clips")
def test_real_clips(server: Running) -> None:
    for path in sorted(Path(os.environ["TAG2VEC_DATA"], "bench").glob("*_320x240.mp4")):
        answer = server.suggest(path.read_bytes())
        assert answer.status_code == 200
        assert answer.json()["video"]["frames_used"] == 90
        assert len(answer.json()["hashtags"]) == 15


@pytest.mark.parametrize("name", UPLOADS)
def test_refusal_says_what_is_wrong(server: Running, clips: Path, name: str) -> None:
    code, make = UPLOADS[name]
    assert server.suggest(make(clips).read_bytes()).json()["code"] == code


@pytest.mark.parametrize(("name", "kind"), [("grey.gif", "image/gif"), ("h264-sound.ts", "video/mp2t")])
def test_other_containers_are_answered(server: Running, clips: Path, name: str, kind: str) -> None:
    content = write_way(clips, name, drifting(24, seed=9)).read_bytes()
    answer = server.client.post("/v1/hashtags", content=content, headers={"Content-Type": kind})
    assert answer.status_code == 200
    assert answer.json()["video"]["frames_used"] == 24
    assert answer.json()["video"]["trajectories"] > 0


def test_size_is_that_of_the_shown_picture(server: Running, clips: Path) -> None:
    clip = write(clips / "wide.mp4", drifting(24, (144, 108), seed=9), aspect=Fraction(4, 3)).read_bytes()
    video = server.suggest(clip).json()["video"]
    assert (video["width"], video["height"]) == (192, 108)


def test_extension_and_content_type_decide_nothing(server: Running, clips: Path) -> None:
    content = write(clips / "named.webm").read_bytes()
    response = server.client.post("/v1/hashtags", files={"file": ("clip.mp4", content, "text/plain")})
    assert response.status_code == 200
