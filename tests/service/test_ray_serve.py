"""The Ray Serve application is the service, and its configuration one that Ray Serve takes."""

from typing import Any

import pytest
import yaml

from service.settings import Settings
from tests.docs.documents import ROOT

pytest.importorskip("ray.serve", reason="Ray is not installed (pip install 'tag2vec[scale]')")


@pytest.fixture
def application() -> Any:
    (application,) = yaml.safe_load((ROOT / "deploy" / "ray_serve.yaml").read_text(encoding="utf-8"))["applications"]
    return application


def test_ray_serve_takes_the_configuration(application: Any) -> None:
    from ray.serve.schema import ServeDeploySchema

    from service import ray_serve

    read = ServeDeploySchema.model_validate(yaml.safe_load((ROOT / "deploy" / "ray_serve.yaml").read_text()))
    assert read.applications[0].import_path == f"{ray_serve.__name__}:app"
    assert [one["name"] for one in application["deployments"]] == [ray_serve.deployment.name]


def test_a_replica_takes_what_its_service_takes(application: Any) -> None:
    given = application["runtime_env"]["env_vars"]
    assert given.keys() <= {f"TAG2VEC_{name.upper()}" for name in Settings.model_fields}
    settings = Settings(**{name.removeprefix("TAG2VEC_").lower(): value for name, value in given.items()})
    (deployment,) = application["deployments"]
    assert deployment["max_ongoing_requests"] == settings.workers + settings.queue
    assert deployment["ray_actor_options"]["num_cpus"] == settings.workers
    assert deployment["graceful_shutdown_timeout_s"] > settings.grace_s


def test_the_application_is_that_of_the_service() -> None:
    from service import ray_serve
    from service.app import create_app

    assert ray_serve.service_app().openapi() == create_app(Settings()).openapi()
