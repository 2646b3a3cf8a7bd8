"""What the fork server imports: workers forked from it have libraries and kernels, and start in tenths of a second.

The fork server is a fresh interpreter of one thread that holds nothing of the service's own process: no sockets, no
secrets, no clips.
"""

from models.encoder import warm_up
from models.sandbox.worker import end_with_parent
from models.trajectories.settings import TrajectorySettings

end_with_parent()
warm_up(TrajectorySettings())
