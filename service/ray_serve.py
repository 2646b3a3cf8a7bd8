"""The service as a Ray Serve application: `serve run deploy/ray_serve.yaml`.

Each replica is a whole service, with its own workers and queue. Ray Serve's proxy takes a body as fast as it comes and
keeps it in memory until the replica has read it, whatever the replica says: limit bodies in front of it.
"""

import os
from typing import Any

os.environ.setdefault("RAY_USAGE_STATS_ENABLED", "0")

from ray import serve

from service import environment, logs
from service.settings import Settings


def service_app() -> Any:
    """Return the application, in a replica; its settings are the variables that the replica was started with."""
    environment.pin_threads()
    from service.app import create_app

    settings = Settings()
    logs.configure(settings.log_level)
    return create_app(settings)


deployment = serve.deployment(name="Hashtags")(serve.ingress(service_app)())
app = deployment.bind()
