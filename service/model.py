"""The model that the service answers with: a private copy of a bundle, verified and loaded."""

import gc
import shutil
import tempfile
from pathlib import Path

from models.bundle import Bundle
from models.pipeline import Pipeline


class Model:
    """One bundle, copied so that whatever happens to the original, API and workers go on with the same bytes.

    Attributes
    ----------
    bundle : Bundle
    pipeline : Pipeline
        Its embedding and tag space are loaded; its vocabulary is the workers' affair.
    folder : Path
        The private copy, for worker processes to open.
    dimensions : int
        Length of the Fisher vectors.
    users : int
        Requests that are being answered with it.
    """

    def __init__(self, source: Path, spool: Path, deny_file: Path | None = None) -> None:
        """Copy, verify and load the bundle in `source`, and the operator's deny list.

        Raises
        ------
        Tag2VecError
            If one cannot be used; nothing is left behind then.
        """
        Bundle.open(source)
        self.users = 0
        self.folder = Path(tempfile.mkdtemp(prefix="model-", dir=spool))
        try:
            shutil.copytree(source, self.folder, dirs_exist_ok=True)
            self.bundle = Bundle.open(self.folder)
            self.pipeline = Pipeline(self.bundle, deny_file)
            self.dimensions = self.pipeline.embedding.dimensions
            _ = self.pipeline.embedding, self.pipeline.suggester
        except BaseException:
            self.discard()
            raise
        # All that is loaded is here to stay: the collector, which stops the event loop, would look through it for
        # more than a tenth of a second every minute.
        gc.collect()
        gc.freeze()

    @property
    def hashtags(self) -> list[str]:
        """Hashtags that clips were trained towards, as shown."""
        space = self.pipeline.tagspace
        return sorted(space.display(stem) for stem in space.hashtags)

    def discard(self) -> None:
        """Remove the private copy."""
        shutil.rmtree(self.folder, ignore_errors=True)
