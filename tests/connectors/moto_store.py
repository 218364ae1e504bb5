"""A real S3 server on loopback (moto), a process of its own; it checks signatures once it is told to."""

import json
import os
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from http.client import HTTPConnection
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import msgspec
import pytest

REGION = "eu-central-1"
_STARTS_WITHIN = 60.0
_POLICY = {"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "s3:*", "Resource": "*"}]}


class Store(msgspec.Struct, frozen=True):
    """`client` is boto3's, `recording` a file with every request the server was sent."""

    address: str
    client: Any
    keys: dict[str, str]
    recording: Path

    @contextmanager
    def unguarded(self) -> Iterator[None]:
        """Signatures are not checked."""
        _guard(self.address, after=10**9)
        yield
        _guard(self.address, after=0)

    def requests(self) -> list[dict[str, Any]]:
        return [json.loads(line) for line in self.recording.read_text().splitlines()]


@contextmanager
def moto_store(folder: Path) -> Iterator[Store]:
    for module in ("moto", "boto3", "flask"):
        if find_spec(module) is None:
            pytest.skip(f"{module} is not installed")
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = int(taken.getsockname()[1])
    recording = folder / "recording"
    environment = {**os.environ, "MOTO_ENABLE_RECORDING": "True", "MOTO_RECORDER_FILEPATH": str(recording)}
    command = [str(Path(sys.executable).with_name("moto_server")), "-H", "127.0.0.1", "-p", str(port)]
    with (folder / "log").open("wb") as log:
        server = subprocess.Popen(command, stdout=log, stderr=log, env=environment)
        try:
            _wait(server, port, folder / "log")
            yield _filled(f"http://127.0.0.1:{port}", recording)
        finally:
            server.terminate()
            server.wait(10)


def _filled(address: str, recording: Path) -> Store:
    import boto3

    made: dict[str, Any] = {"endpoint_url": address, "region_name": REGION}
    admin = boto3.client("iam", aws_access_key_id="a", aws_secret_access_key="b", **made)
    admin.create_user(UserName="hub")
    admin.put_user_policy(UserName="hub", PolicyName="all", PolicyDocument=json.dumps(_POLICY))
    key = admin.create_access_key(UserName="hub")["AccessKey"]
    keys = {"access_key_id": key["AccessKeyId"], "secret_access_key": key["SecretAccessKey"]}
    signing = {f"aws_{name}": value for name, value in keys.items()}
    _guard(address, after=0)
    return Store(address, boto3.client("s3", **made, **signing), keys, recording)


def _guard(address: str, *, after: int) -> None:
    """Signatures are checked after so many requests."""
    connection = HTTPConnection(address.removeprefix("http://"), timeout=10)
    connection.request("POST", "/moto-api/reset-auth", str(after).encode())
    answer = connection.getresponse()
    assert answer.status == 200, answer.read()
    connection.close()


def _wait(server: subprocess.Popen[bytes], port: int, log: Path) -> None:
    ends = time.monotonic() + _STARTS_WITHIN
    while time.monotonic() < ends and server.poll() is None:
        try:
            socket.create_connection(("127.0.0.1", port), timeout=1).close()
        except OSError:
            time.sleep(0.05)
        else:
            return
    raise RuntimeError(f"the server did not start: {log.read_text(errors='replace')[-800:]}")
