"""A bucket as source and sink, on a server of the S3 API on the loopback interface."""

import logging
from collections.abc import Iterator
from pathlib import Path

import boto3
import pyarrow.parquet as pq
import pytest
from moto.server import ThreadedMotoServer
from pyarrow.fs import FileSystem

from tests.batch.conftest import Batch, Ended

pytestmark = pytest.mark.server

SECRETS = {"AWS_ACCESS_KEY_ID": "id", "AWS_SECRET_ACCESS_KEY": "secret", "AWS_DEFAULT_REGION": "us-east-1"}


@pytest.fixture
def endpoint(monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    """A server with an empty bucket, `media`."""
    for name, value in SECRETS.items():
        monkeypatch.setenv(name, value)
    logging.getLogger("werkzeug").setLevel(logging.ERROR)
    server = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    server.start()
    try:
        endpoint = "http://{}:{}".format(*server.get_host_and_port())
        boto3.client("s3", endpoint_url=endpoint).create_bucket(Bucket="media")
        yield endpoint
    finally:
        server.stop()


def test_a_bucket_gives_the_rows_of_a_folder(
    catalogue: Path, tagged: tuple[Path, Ended], endpoint: str, batch: Batch
) -> None:
    local, ended = tagged
    client = boto3.client("s3", endpoint_url=endpoint)
    for file in catalogue.rglob("*"):
        if file.is_file():
            client.upload_file(str(file), "media", f"old clips/{file.relative_to(catalogue)}")
    address = f"?endpoint_override={endpoint.removeprefix('http://')}&scheme=http"
    command = f"s3://media/old clips{address}", "--out", f"s3://media/tags/2026{address}", "--vectors"
    done = batch(*command)
    assert (done.code, done.out.get("failed")) == (1, ended.out["failed"]), done.err
    listed = client.list_objects_v2(Bucket="media", Prefix="tags/")["Contents"]
    assert [entry["Key"].removeprefix("tags/2026/") for entry in listed] == sorted(
        path.name for path in local.iterdir()
    )
    filesystem, path = FileSystem.from_uri(f"s3://media/tags/2026{address}")
    assert pq.read_table(path, filesystem=filesystem).equals(pq.read_table(local))
    assert (
        client.get_object(Bucket="media", Key="tags/2026/part-000000.parquet")["Body"].read()
        == (local / "part-000000.parquet").read_bytes()
    )
    # What a run was started with names the source by a hash: its URI may hold a password.
    assert b"media" not in client.get_object(Bucket="media", Key="tags/2026/_run.json")["Body"].read()
    assert "already complete" in batch(*command).err
    inside = batch(command[0], "--out", f"s3://media/old clips/tags{address}")
    assert (inside.code, "is in the source: choose a folder outside it" in inside.err) == (3, True)
