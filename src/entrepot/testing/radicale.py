"""A real CalDAV server (Radicale) on loopback, for trying things out; ended with its block."""

import os
import socket
import subprocess
import sys
import time
from base64 import b64encode
from collections.abc import Generator
from contextlib import contextmanager
from http.client import HTTPConnection
from pathlib import Path

from entrepot.core.errors import PersonMustFix

USER, PASSWORD = "example", "correct-horse"
_STARTS_WITHIN = 20.0


@contextmanager
def radicale(folder: Path) -> Generator[str]:
    """The server's address. Whoever signs in as USER with PASSWORD has a calendar home under `/USER/`."""
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "users").write_text(f"{USER}:{PASSWORD}\n")
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = int(taken.getsockname()[1])
    settings = {
        "server-hosts": f"127.0.0.1:{port}",
        "auth-type": "htpasswd",
        "auth-htpasswd-filename": str(folder / "users"),
        "auth-htpasswd-encryption": "plain",
        "auth-delay": "0",
        "storage-filesystem-folder": str(folder / "collections"),
        "logging-level": "error",
    }
    words = [word for name, value in settings.items() for word in (f"--{name}", value)]
    command = [sys.executable, "-m", "radicale", "--config", os.devnull, *words]
    with (folder / "log").open("wb") as log:
        server = subprocess.Popen(command, stdout=log, stderr=log)  # noqa: S603 -- our own interpreter and words
        try:
            _wait(server, port, folder / "log")
            yield f"http://127.0.0.1:{port}"
        finally:
            server.terminate()
            server.wait(10)


def _wait(server: subprocess.Popen[bytes], port: int, log: Path) -> None:
    ends = time.monotonic() + _STARTS_WITHIN
    while time.monotonic() < ends and server.poll() is None:
        connection = HTTPConnection("127.0.0.1", port, timeout=1)
        try:
            connection.request("GET", "/.web/")
            connection.getresponse().read()
        except OSError:
            time.sleep(0.05)
        else:
            return
        finally:
            connection.close()
    raise PersonMustFix(f"The example CalDAV server did not start: {log.read_text(errors='replace')[-500:]}")


def fill(address: str, calendar: str, components: str, objects: dict[str, str]) -> None:
    """Make a calendar for VEVENT or VTODO and put one iCalendar object in it under each name."""
    home = f"/{USER}/{calendar}/"
    body = (
        '<?xml version="1.0"?><C:mkcalendar xmlns:D="DAV:" xmlns:C="urn:ietf:params:xml:ns:caldav"><D:set><D:prop>'
        f"<D:displayname>{calendar.title()}</D:displayname><C:supported-calendar-component-set>"
        f'<C:comp name="{components}"/></C:supported-calendar-component-set></D:prop></D:set></C:mkcalendar>'
    )
    _send(address, "MKCALENDAR", home, body, "application/xml")
    for name, text in objects.items():
        _send(address, "PUT", f"{home}{name}.ics", text, "text/calendar")


def _send(address: str, method: str, path: str, body: str, media_type: str) -> None:
    token = b64encode(f"{USER}:{PASSWORD}".encode()).decode()
    headers = {"Content-Type": f"{media_type}; charset=utf-8", "Authorization": f"Basic {token}"}
    connection = HTTPConnection(address.removeprefix("http://"), timeout=10)
    try:
        connection.request(method, path, body.encode(), headers)
        answer = connection.getresponse()
        answer.read()
        if answer.status not in {200, 201, 204}:
            raise PersonMustFix(f"The example CalDAV server refused {method} {path}: {answer.status} {answer.reason}")
    finally:
        connection.close()
