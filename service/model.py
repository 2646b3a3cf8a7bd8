"""The model that the service answers with: a private copy of a bundle, verified."""

import gc
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from models.bundle import Bundle
from models.errors import BundleError
from models.pipeline import Pipeline
from models.tags.platforms import platforms


class Model:
    """One bundle, copied so that API and workers keep the same bytes whatever happens to the original.

    Attributes
    ----------
    bundle : Bundle
    pipeline : Pipeline
        Its vocabulary and its image network are the workers' affair and are never read here.
    folder : Path
        The private copy, for worker processes to open.
    """

    def __init__(
        self,
        source: Path,
        spool: Path,
        deny_file: Path | None = None,
        kinds_file: Path | None = None,
        trends_file: Path | None = None,
    ) -> None:
        """Copy the bundle in `source` into `spool` and verify the copy; workers can use it from then on.

        Raises
        ------
        BundleError
            If the bundle cannot be used; nothing is left behind then.
        """
        self._users = 0
        self._retired = False
        self.folder = Path(tempfile.mkdtemp(prefix="model-", dir=spool))
        try:
            shutil.copytree(source, self.folder, dirs_exist_ok=True)
            self.bundle = Bundle.open(self.folder)
        except (OSError, BundleError):
            self._discard()
            Bundle.open(source)  # says what is wrong with the operator's folder, not with the copy
            raise
        self.pipeline = Pipeline(self.bundle, deny_file, kinds_file, trends_file)

    def load(self) -> None:
        """Read the embedding, the tags and the rules of platforms before the first request needs them.

        Raises
        ------
        Tag2VecError
            If the operator's deny list, kinds of tags or trends cannot be used.
        """
        _ = self.pipeline.embedding, self.pipeline.suggester, self.pipeline.completion, platforms()
        # All of this stays. The garbage collector, which stops the event loop, would otherwise walk through it for
        # more than a tenth of a second every minute.
        gc.collect()
        gc.freeze()

    @property
    def hashtags(self) -> list[str]:
        """Hashtags that clips were trained towards, as the model card names them."""
        return sorted(record.hashtag for record in self.bundle.manifest.training.hashtags)

    @contextmanager
    def in_use(self) -> Iterator[None]:
        """Keep the private copy for as long as a request is being answered with it."""
        self._users += 1
        try:
            yield
        finally:
            self._users -= 1
            self._discard_if_unused()

    def retire(self) -> None:
        """Remove the private copy once no request uses it any more."""
        self._retired = True
        self._discard_if_unused()

    def _discard_if_unused(self) -> None:
        if self._retired and not self._users:
            self._discard()

    def _discard(self) -> None:
        shutil.rmtree(self.folder, ignore_errors=True)
