"""Puts the packets of a clip into other containers, in all ways that are found in the wild; nothing is encoded anew.

``python -m tests.remuxing`` tries every way on many real clips (``TAG2VEC_DATA``) and says where the frames differ.
"""

import hashlib
import os
import tempfile
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path
from typing import Annotated, Any, Final

import av
import numpy as np
import typer
from av.bitstream import BitStreamFilterContext
from av.stream import Disposition

from models.bundle import SHIPPED, Bundle
from models.errors import ClipError
from models.pipeline import Pipeline
from models.video.decoding import Video
from models.video.info import VideoInfo
from models.video.pictures import PictureSampler
from tests import clips

_FRAGMENTS: Final = "empty_moov+default_base_moof"


@dataclass(frozen=True)
class Way:
    """One way of putting a clip into a container.

    Attributes
    ----------
    suffix : str
        Of the file: names FFmpeg's muxer.
    muxing : mapping of str to str
        The muxer's options.
    before, after : tuple of str
        Other tracks, in front of the video and behind it: of ``sound`` or ``preview``.
    later : int
        Seconds by which the video is shown later.
    """

    suffix: str
    muxing: Mapping[str, str] = field(default_factory=dict)
    before: tuple[str, ...] = ()
    after: tuple[str, ...] = ()
    later: int = 0


WAYS: Final[Mapping[str, Way]] = {
    "mp4": Way("mp4"),
    "mp4, index first": Way("mp4", {"movflags": "faststart"}),
    "mp4, fragments": Way("mp4", {"movflags": f"{_FRAGMENTS}+frag_keyframe"}),
    "mp4, fragments of a frame": Way("mp4", {"movflags": f"{_FRAGMENTS}+frag_every_frame"}),
    "mp4, fragments with an index": Way("mp4", {"movflags": "dash+global_sidx+delay_moov+frag_keyframe"}),
    "mp4, no edit list": Way("mp4", {"use_editlist": "0"}),
    "mp4, early frames": Way("mp4", {"movflags": "negative_cts_offsets"}),
    "mp4, an edit that begins late": Way("mp4", {"use_editlist": "1"}, after=("sound",), later=2),
    "mp4, coarse times": Way("mp4", {"video_track_timescale": "600", "movie_timescale": "600"}),
    "mp4, fine times": Way("mp4", {"video_track_timescale": "1000000", "movie_timescale": "90000"}),
    "mp4, sound first": Way("mp4", before=("sound",)),
    "mp4, a small video first": Way("mp4", before=("preview",), after=("sound",)),
    "mov": Way("mov", after=("sound",)),
    "mov, index first": Way("mov", {"movflags": "faststart"}),
    "3gp": Way("3gp", after=("sound",)),
    "mkv": Way("mkv", after=("sound",)),
    "mkv, live": Way("mkv", {"live": "1"}),
    "mkv, index first": Way("mkv", {"cues_to_front": "1"}),
    "mkv, clusters of a frame": Way("mkv", {"cluster_size_limit": "1"}, before=("sound",)),
    "mkv, late": Way("mkv", {"output_ts_offset": "3600"}),
    "mkv, early": Way("mkv", {"output_ts_offset": "-1"}, after=("preview",)),
    "ts": Way("ts"),
    "ts, time codes": Way("ts", {"mpegts_m2ts_mode": "1"}, after=("sound",)),
    "ts, sound first": Way("ts", {"mpegts_flags": "pat_pmt_at_frames"}, before=("sound",)),
    "ts, near the end of its clock": Way("ts", {"output_ts_offset": "95441"}),
    "flv": Way("flv", after=("sound",)),
    "flv, live": Way("flv", {"flvflags": "no_duration_filesize+no_metadata"}),
    "avi": Way("avi"),
    "avi, sound": Way("avi", after=("sound",)),
}


def remux(path: Path, clip: Path, way: Way, others: Mapping[str, Path]) -> Path:
    """Write the video of a clip into `path`, with tracks of `others`, in the order of their times."""
    with ExitStack() as stack:
        written = stack.enter_context(av.open(str(path), "w", container_options=dict(way.muxing)))
        packets: list[Any] = []
        tracks = [(name, others[name]) for name in way.before] + [("", clip)]
        tracks += [(name, others[name]) for name in way.after]
        for name, source in tracks:
            read = stack.enter_context(av.open(str(source)))
            stream = read.streams.audio[0] if name == "sound" else read.streams.video[0]
            # Opaque: the name of a codec's decoder need not be that of an encoder.
            track = written.add_stream_from_template(stream, opaque=True)
            # Otherwise the first one of several would be the one that players show.
            track.disposition = Disposition(name != "preview")
            own: Iterable[Any] = (packet for packet in read.demux(stream) if packet.size)
            if way.suffix == "avi" and stream.codec_context.name == "h264":
                own = _with_start_codes(own, stream)
            for packet in own:
                time = packet.dts * packet.time_base
                if not name:
                    packet.pts += round(way.later / packet.time_base)
                    packet.dts += round(way.later / packet.time_base)
                packet.stream = track
                packets.append((time, packet))
        for _, packet in sorted(packets, key=lambda timed: timed[0]):
            written.mux(packet)
    return path


def _with_start_codes(packets: Iterable[Any], stream: Any) -> Iterator[Any]:
    start_codes = BitStreamFilterContext("h264_mp4toannexb", stream)
    for packet in packets:
        yield from start_codes.filter(packet)
    yield from start_codes.filter(None)


def other_tracks(folder: Path) -> dict[str, Path]:
    """Write what a clip may share its container with: sound, and a smaller video."""
    return {
        "sound": clips.write_audio(folder / "sound.mp4", 4.0),
        "preview": clips.write(folder / "preview.mp4", clips.drifting(30, (64, 48))),
    }


def look(path: Path) -> tuple[str, VideoInfo]:
    """Return what of a clip decides its tags, the frames and the pictures, as a digest; and what else is said of it."""
    digest = hashlib.sha256()
    sampler = PictureSampler(16, short_side=256, side=224)
    with Video(path, working_side=240, sampler=sampler) as video:
        for frame in video:
            digest.update(np.array(frame.shape).tobytes() + frame.tobytes())
        digest.update(np.stack(sampler.pictures()).tobytes())
        return digest.hexdigest(), video.info


def real_clips(count: int) -> list[Path]:
    """Return `count` of the clips in ``TAG2VEC_DATA``, of all kinds."""
    found = sorted((Path(os.environ["TAG2VEC_DATA"]).resolve() / "clips").glob("*/*.mp4"))
    return [found[place * len(found) // count] for place in range(count)]


def main(
    count: Annotated[int, typer.Option(min=1, help="Clips to put into other containers.")] = 60,
    tagged: Annotated[int, typer.Option(min=0, help="Clips whose tags are compared, too.")] = 6,
    bundle: Annotated[Path, typer.Option(metavar="FOLDER", help="The model that gives the tags.")] = SHIPPED,
) -> None:
    """Compare the frames and pictures of real clips, to the bit, and the tags of some, in all containers."""
    pipeline = Pipeline(Bundle.open(bundle))
    same: Counter[str] = Counter()

    def tags(path: Path) -> list[tuple[str, float]]:
        return [(hashtag.tag, hashtag.score) for hashtag in pipeline(path, k=20).hashtags]

    with tempfile.TemporaryDirectory() as folder:
        others = other_tracks(Path(folder))
        for number, clip in enumerate(real_clips(count)):
            wanted, info = look(clip)
            suggested = tags(clip) if number < tagged else []
            for name, way in WAYS.items():
                path = remux(Path(folder) / f"clip.{way.suffix}", clip, way, others)
                try:
                    found, other = look(path)
                except ClipError as error:
                    print(f"{clip.name}, {name}: {error}")
                    continue
                same["frames"] += found == wanted
                same["length"] += abs(other.duration_s - info.duration_s) < 1 / info.fps
                if found != wanted or abs(other.duration_s - info.duration_s) >= 1 / info.fps:
                    print(f"{clip.name}, {name}: {other}, not {info}")
                if number < tagged:
                    same["tags"] += tags(path) == suggested
    files = count * len(WAYS)
    print(
        f"{count} clips in {len(WAYS)} containers: {same['frames']:,} of {files:,} have the same frames and pictures, "
        f"{same['length']:,} the same length to a frame, {same['tags']:,} of {tagged * len(WAYS):,} the same tags"
    )


if __name__ == "__main__":
    typer.run(main)
