"""Prepares the clips of a folder for the survey: encodes each once and stores its suggestions.

Clips are decoded as in the service: in processes of their own with limits on time, memory and files.
"""

import logging
import shutil
import threading
from collections.abc import Collection, Iterator, Mapping
from concurrent.futures import FIRST_COMPLETED, Future, wait
from multiprocessing import get_context
from pathlib import Path

from pebble import ProcessPool

from models.bundle import Bundle
from models.checksum import file_sha256
from models.encoded_clip import EncodedClip
from models.pipeline import Pipeline
from models.sandbox import results, worker
from models.video.container import CONTAINERS
from models.video.limits import VideoLimits
from training.progress import track
from training.survey import encoding
from training.survey.database import Database, SurveyError

log = logging.getLogger(__name__)

SUGGESTIONS = 15
"""As many as in the paper."""

_POLL_S = 0.2

_SETTINGS = worker.WorkerSettings(memory_bytes=4 * 2**30, deadline_s=300, limits=VideoLimits())


def find_clips(folder: Path) -> dict[str, str]:
    """Return the clips in a folder and its subfolders, relative paths by SHA-256; of equal clips only the first.

    Raises
    ------
    SurveyError
        If there is none.
    """
    found: dict[str, str] = {}
    for path in sorted(folder.rglob("*")):
        if path.suffix.lower().removeprefix(".") in CONTAINERS and path.is_file():
            found.setdefault(file_sha256(path), path.relative_to(folder).as_posix())
    if not found:
        raise SurveyError(f"there is no clip ({', '.join(CONTAINERS)}) in {folder}; name a folder of clips.")
    return found


class Preparation:
    """Prepares all clips in a thread of its own; finished clips are stored and never prepared again.

    Parameters
    ----------
    database : Path
    bundle : Bundle
    folder : Path
        Holds the clips.
    clips : mapping of int to str
        Paths relative to it by the numbers of the clips, in the order of preparation.
    workers : int
        Processes.
    """

    def __init__(self, database: Path, bundle: Bundle, folder: Path, clips: Mapping[int, str], workers: int) -> None:
        self.copies = database.absolute().with_name(f"{database.name}-copies")
        self._database = database
        self._model = bundle.path.absolute()
        self._pipeline = Pipeline(bundle)
        self._folder = folder
        self._clips = clips
        self._workers = workers
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._run, daemon=True)

    @property
    def running(self) -> bool:
        """Whether more clips may become ready."""
        return self._thread.is_alive()

    def start(self) -> None:
        """Start the thread."""
        self._thread.start()

    def stop(self) -> None:
        """Stop; clips in progress are lost."""
        self._stopping.set()
        self._thread.join()

    def copy_of(self, clip: int) -> Path:
        """Return the path of a clip's copy for browsers."""
        return self.copies / f"{clip}.mp4"

    def _run(self) -> None:
        try:
            jobs = self.copies / "jobs"
            shutil.rmtree(jobs, ignore_errors=True)
            with Database(self._database) as database:
                self._suggest(database)
                lost = {clip for clip in database.copied() if not self.copy_of(clip).exists()}
                todo = [clip for clip in self._clips if clip in database.unprepared() | lost]
                if todo:
                    self._encode(database, todo, jobs)
            log.info("survey: all clips are prepared")
        except Exception:
            log.exception("survey: the preparation of clips failed; run the command again to continue")

    def _encode(self, database: Database, todo: list[int], jobs: Path) -> None:
        jobs.mkdir(parents=True)
        start = (_SETTINGS, self._model, jobs)
        pool = ProcessPool(min(self._workers, len(todo)), 0, worker.start, start, get_context("spawn"))
        try:
            futures: dict[Future[None], tuple[int, Path]] = {}
            for clip in todo:
                job = jobs / str(clip)
                job.mkdir()
                (job / "clip").symlink_to((self._folder / self._clips[clip]).resolve())
                future = pool.schedule(encoding.prepare, (job, self._model), timeout=_SETTINGS.deadline_s)
                futures[future] = clip, job
            for done in track(self._completed(futures), "survey: clips", len(futures)):
                clip, job = futures[done]
                error = done.exception()
                self._keep(database, clip, job, "" if error is None else f"{type(error).__name__}: {error}")
                shutil.rmtree(job)
                self._suggest(database)
        finally:
            pool.stop()  # type: ignore[no-untyped-call]
            pool.join()
            shutil.rmtree(jobs)

    def _completed(self, futures: Collection[Future[None]]) -> Iterator[Future[None]]:
        """Yield futures as they are completed, until all are or the preparation is stopped."""
        pending = set(futures)
        while pending and not self._stopping.is_set():
            # A clip may take minutes, and its process as long to start: look in between whether to stop.
            done, pending = wait(pending, _POLL_S, FIRST_COMPLETED)
            yield from done

    def _keep(self, database: Database, clip: int, job: Path, failure: str) -> None:
        if not failure:
            try:
                encoded = results.read(job, self._pipeline.bundle.lengths)
            except (OSError, ValueError) as error:
                failure = f"the worker process left no result: {error}"
            else:
                if isinstance(encoded, EncodedClip):
                    copy = job / encoding.COPY
                    if copied := copy.exists():
                        shutil.move(copy, self.copy_of(clip))
                    database.prepared(clip, encoded, copied=copied)
                    return
                failure = f"{encoded.code}: {encoded.message}"
        log.warning("survey: %s is left out: %s", self._clips[clip], failure)
        database.failed(clip, failure)

    def _suggest(self, database: Database) -> None:
        for clip, encoded in database.encoded_only():
            database.suggest(clip, self._pipeline.suggest(encoded, k=SUGGESTIONS).hashtags)
