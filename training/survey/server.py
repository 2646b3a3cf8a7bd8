"""The survey's server: shows the page to raters while clips are still being prepared."""

import socket
from collections.abc import Callable, Sequence
from pathlib import Path

import uvicorn

from models.bundle import Bundle
from models.cpu_count import processors
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
    """Run a survey until told to stop; `tell` gets a line with the link of each rater.

    Parameters
    ----------
    folder : Path
        Holds the clips.
    database : Path
        Created if it does not exist, otherwise continued.
    bundle : Bundle
        The model whose suggestions are judged.
    raters : sequence of str
        Names of people to add; if the survey has nobody, it gets one called `rater`.
    port : int
        0: any free port.

    Raises
    ------
    SurveyError
        If the folder holds no clip, or the database does not fit this survey.
    OSError
        If the address cannot be listened on.
    """
    found = find_clips(folder)
    with Database(database, create=True) as opened, socket.create_server((host, port)) as listener:
        opened.use(bundle)
        clips = opened.register(found)
        for name in raters:
            opened.add_rater(name)
        if not opened.raters():
            opened.add_rater("rater")
        preparation = Preparation(database, bundle, folder, clips, processors())
        preparation.start()
        try:
            for rater in opened.raters():
                tell(f"{rater.name}\thttp://{host}:{listener.getsockname()[1]}/{rater.token}")
            config = uvicorn.Config(
                create_app(opened, preparation, folder, clips),
                log_level="warning",
                access_log=False,  # addresses contain tokens
                server_header=False,
                timeout_graceful_shutdown=1,
            )
            uvicorn.Server(config).run(sockets=[listener])
        finally:
            preparation.stop()
