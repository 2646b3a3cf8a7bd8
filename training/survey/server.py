"""The survey's server: the page for raters while clips are still being prepared."""

import os
import socket
from collections.abc import Callable, Sequence
from pathlib import Path

import uvicorn

from models.bundle import Bundle
from training.survey.app import create_app
from training.survey.database import Database
from training.survey.preparation import Preparation, find_clips


def serve(
    folder: Path,
    database: Path,
    bundle: Bundle,
    *,
    raters: Sequence[str],
    host: str,
    port: int,
    tell: Callable[[str], None],
) -> None:
    """Hold a survey until told to stop; `tell` is given a line with the link of each rater.

    Parameters
    ----------
    folder : Path
        Of the clips.
    database : Path
        Begun where there is none, gone on with where there is.
    bundle : Bundle
        The model whose suggestions are judged.
    raters : sequence of str
        Names of people to take in; of a survey without any, one is taken in as `rater`.
    port : int
        0: a free one.

    Raises
    ------
    SurveyError
        The folder holds no clip, or the database is not fit for this survey.
    OSError
        The address cannot be listened on.
    """
    found = find_clips(folder)
    with Database(database, create=True) as opened, socket.create_server((host, port)) as listener:
        opened.use(bundle)
        clips = opened.register(found)
        for name in raters:
            opened.add_rater(name)
        if not opened.raters():
            opened.add_rater("rater")
        preparation = Preparation(database, bundle, folder, clips, len(os.sched_getaffinity(0)))
        preparation.start()
        for rater in opened.raters():
            tell(f"{rater.name}\thttp://{host}:{listener.getsockname()[1]}/{rater.token}")
        config = uvicorn.Config(
            create_app(opened, preparation, folder, clips),
            log_level="warning",
            access_log=False,  # addresses hold tokens
            server_header=False,
            timeout_graceful_shutdown=1,
        )
        try:
            uvicorn.Server(config).run(sockets=[listener])
        finally:
            preparation.stop()
