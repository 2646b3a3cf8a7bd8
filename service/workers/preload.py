"""What the fork server imports: workers forked from it have libraries and kernels, and start in tenths of a second."""

import logging
import os

from models import appearance, encoder
from models.sandbox.confinement import end_with_parent
from models.trajectories.settings import TrajectorySettings
from service import logs

end_with_parent()  # Where this cannot be done, the fork server ends by itself once it has loaded everything.
logs.configure(os.environ.get("TAG2VEC_LOG_LEVEL", "INFO"))
if not encoder.kernels_cached():
    logging.getLogger(__name__).info("compiling kernels, once on this machine, about 20 s")
encoder.warm_up(TrajectorySettings())
appearance.onnx_runtime()
