"""Real CalDAV servers on loopback, each a process of its own that ends with its block."""

import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from http.client import HTTPConnection
from importlib.util import find_spec
from pathlib import Path

import msgspec
import pytest

from entrepot.testing.radicale import PASSWORD, USER
from entrepot.testing.radicale import radicale as _radicale

_STARTS_WITHIN = 30.0


class Running(msgspec.Struct, frozen=True):
    """`principal` is the path under which the person's things are."""

    name: str
    address: str
    username: str
    password: str
    principal: str


@contextmanager
def radicale(folder: Path) -> Iterator[Running]:
    _needs("radicale")
    with _radicale(folder) as address:
        yield Running("radicale", address, USER, PASSWORD, f"/{USER}/")


@contextmanager
def xandikos(folder: Path) -> Iterator[Running]:
    _needs("xandikos")
    folder.mkdir(parents=True, exist_ok=True)
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = int(taken.getsockname()[1])
    command = [sys.executable, "-m", "xandikos", "serve", "-d", str(folder / "data"), "--defaults"]
    command += ["-l", "127.0.0.1", "-p", str(port)]
    with (folder / "log").open("wb") as log:
        server = subprocess.Popen(command, stdout=log, stderr=log)
        try:
            _wait(server, port, folder / "log")
            yield Running("xandikos", f"http://127.0.0.1:{port}", "user", "none", "/user/")
        finally:
            server.terminate()
            server.wait(10)


def _needs(module: str) -> None:
    if find_spec(module) is None:
        pytest.skip(f"{module} is not installed")


def _wait(server: subprocess.Popen[bytes], port: int, log: Path) -> None:
    ends = time.monotonic() + _STARTS_WITHIN
    while time.monotonic() < ends and server.poll() is None:
        connection = HTTPConnection("127.0.0.1", port, timeout=2)
        try:
            connection.request("OPTIONS", "/")
            connection.getresponse().read()
        except OSError:
            time.sleep(0.05)
        else:
            return
        finally:
            connection.close()
    raise RuntimeError(f"the server did not start: {log.read_text(errors='replace')[-800:]}")
