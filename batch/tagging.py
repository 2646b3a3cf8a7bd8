"""Tags one clip as the service does: in a confined worker process with limits, and with the same error codes."""

import asyncio
import hashlib
import logging
import shutil
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import Final, Self

from threadpoolctl import threadpool_limits

from batch.rows import Row, VectorLengths, Vectors
from batch.storage import Place
from models.answers import Hashtags
from models.encoded_clip import EncodedClip
from models.errors import Tag2VecError
from models.sandbox.confinement import hide_memory
from models.sandbox.worker import WorkerSettings
from models.tags.suggest_options import SuggestOptions
from service.compute import ComputeThread
from service.metrics import Metrics
from service.model import Model
from service.problems import Code, Problem
from service.settings import Settings
from service.workers import fork_server
from service.workers.pool import Workers
from service.workers.singleflight import read_result

log = logging.getLogger(__name__)

_CHUNK: Final = 2**20


class ModelError(Tag2VecError):
    """The model on this machine is not the one that the run was started with."""


@dataclass(frozen=True)
class Task:
    """How clips are tagged, the same on every machine.

    Attributes
    ----------
    root : str
        Folder or URI that the clips' paths are relative to.
    settings : Settings
        The service's: bundle, lists of tags, limits.
    model : str
        The model's SHA-256.
    options : SuggestOptions
        What is asked of the hashtags.
    vectors : bool
        Whether rows have vectors.
    """

    root: str
    settings: Settings
    model: str
    options: SuggestOptions
    vectors: bool


class Tagger:
    """Tags clips, `workers` at a time; an asynchronous context manager, in which its processes run.

    Parameters
    ----------
    task : Task
    workers : int

    Attributes
    ----------
    lengths : VectorLengths or None
        Of the rows' vectors, if they have any.
    """

    def __init__(self, task: Task, workers: int) -> None:
        settings = task.settings
        self.lengths: VectorLengths | None = None
        self._task = task
        self._root = Place(task.root)
        self._workers = Workers(
            workers,
            WorkerSettings(settings.worker_memory_mb * 2**20, settings.deadline_s, settings.limits),
            recycle=settings.recycle,
            metrics=Metrics(),
        )
        # For each clip being encoded, another is fetched or answered.
        self._under_way = asyncio.Semaphore(2 * workers)
        self._encoding = asyncio.Semaphore(workers)
        self._compute = ComputeThread()

    async def __aenter__(self) -> Self:
        """Start the processes.

        Raises
        ------
        ModelError
            If the bundle is not that of the task.
        Tag2VecError
            If the bundle, the deny list, the kinds of tags or the trends cannot be used.
        """
        settings = self._task.settings
        fork_server.start()
        hide_memory()
        threadpool_limits(1)
        self._spool = Path(tempfile.mkdtemp(prefix="tag2vec-"))
        try:
            self._model = await self._compute.run(
                Model, settings.bundle, self._spool, settings.deny_file, settings.kinds_file, settings.trends_file
            )
            if self._model.bundle.sha256 != self._task.model:
                raise ModelError(
                    f"the bundle in {settings.bundle} is {self._model.bundle.sha256[:12]} here, but the run started "
                    f"with {self._task.model[:12]}: install the same version everywhere."
                )
            self._workers.start(self._model.folder)
            await self._compute.run(self._model.load)
            if self._task.vectors:
                lengths = self._model.bundle.lengths
                dimensions = self._model.pipeline.embedding.output_bias.shape[-1]
                self.lengths = VectorLengths(lengths.fisher, lengths.features, int(dimensions))
            await self._workers.warm.wait()
        except BaseException:
            await self.__aexit__()
            raise
        return self

    async def __aexit__(self, *_: object) -> None:
        """End the processes."""
        await self._workers.stop()
        self._compute.stop()
        shutil.rmtree(self._spool, ignore_errors=True)

    async def tag(self, path: str, attempts: int = 1) -> Row:
        """Return the row of a clip; `attempts` includes this one.

        If the clip or the process that opens it fails, the row has the error.
        """
        async with self._under_way:
            job = Path(tempfile.mkdtemp(prefix="clip-", dir=self._spool))
            digest = None
            try:
                digest = await asyncio.to_thread(self._fetch, path, job / "clip")
                async with self._encoding:
                    deadline = asyncio.get_running_loop().time() + self._task.settings.deadline_s
                    await self._workers.run(job, self._model.folder, deadline)
                encoded = await asyncio.to_thread(read_result, job, self._model.bundle.lengths)
                return await self._compute.run(self._row, path, attempts, digest, encoded)
            except Problem as problem:
                code, message = problem.code.name, problem.detail
            except OSError as error:
                code, message = "unreadable", str(error.strerror or error)
            except Exception:  # the other clips go on regardless
                log.exception("batch: a clip could not be tagged")
                code, message = Code.internal_error.name, "The clip could not be analysed; see the log."
            finally:
                await asyncio.to_thread(shutil.rmtree, job, ignore_errors=True)
        return Row(path=path, attempts=attempts, sha256=digest, error=code, message=message)

    def _fetch(self, path: str, file: Path) -> str:
        """Copy a clip to this machine; return its SHA-256."""
        most = self._task.settings.max_bytes
        digest = hashlib.sha256()
        size = 0
        with (self._root / path).stream() as source, file.open("wb") as copy:
            while chunk := source.read(min(_CHUNK, most + 1 - size)):
                size += len(chunk)
                if size > most:
                    raise Problem(Code.clip_too_large, f"The clip is larger than {most} bytes.")
                digest.update(chunk)
                copy.write(chunk)
        if not size:
            raise Problem(Code.empty_clip, "The clip is empty.")
        return digest.hexdigest()

    def _row(self, path: str, attempts: int, digest: str, encoded: EncodedClip) -> Row:
        pipeline = self._model.pipeline
        answer = Hashtags.of(pipeline.suggest(encoded, **self._task.options), self._model.bundle)
        features = encoded.appearance.features
        return Row(
            path=path,
            attempts=attempts,
            sha256=digest,
            tags=[found.tag for found in answer.hashtags],
            scores=[found.score for found in answer.hashtags],
            confident=answer.confident,
            seconds=answer.video.duration_s,
            fps=answer.video.fps,
            width=answer.video.width,
            height=answer.video.height,
            warnings=answer.warnings,
            vectors=Vectors(encoded.fisher, features, pipeline.embedding.embed(encoded.fisher, features))
            if self._task.vectors
            else None,
        )
