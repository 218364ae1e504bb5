"""MyAnimeList live, and beside its export: partial dates, titles seen again, one item for both doors."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from entrepot import Hub, settings
from entrepot.core.errors import NeedsConsent, PersonMustFix, TryLater
from entrepot.core.life import LibraryEntry
from entrepot.core.secret import Secret
from entrepot.sdk.catalog import BUILT_IN

FIXTURES = BUILT_IN / "myanimelist/fixtures"
TOKEN = "a-token-of-the-lists"


async def test_an_entry_is_read_as_the_export_says_it(stand_in):
    service = await stand_in("myanimelist")
    anime, pages = await service.everything("anime")
    assert anime["900001"].data == LibraryEntry(
        medium="anime",
        title="Probe: Kōhen³ & mehr",
        status="repeating",
        score=70,
        progress=26,
        total=26,
        repeats=3,
        started="2014-05",
        finished="2014-06-30",
        notes="Schön",
        tags=["sf", "classic"],
        priority=0,
        identifiers={"mal": "900001"},
        format="tv",
        url="https://myanimelist.net/anime/900001",
        updated=anime["900001"].data.updated,
        extra={"rewatchValue": "4"},
    )
    planned = anime["900002"].data
    assert (planned.status, planned.score, planned.total, planned.finished) == ("planned", None, None, "2014")
    assert [row.where for page in pages for row in page.bad] == ["900006"]
    assert b"entrepot" not in anime["900001"].native


async def test_manga_counts_chapters_and_volumes(stand_in):
    service = await stand_in("myanimelist")
    manga, _ = await service.everything("manga")
    entry = manga["800001"].data
    assert (entry.medium, entry.status, entry.url) == ("manga", "current", "https://myanimelist.net/manga/800001")
    assert (entry.progress, entry.total, entry.progress_volumes, entry.total_volumes) == (15, 30, 2, 3)


async def test_adult_titles_are_asked_for_and_what_is_known_ends_the_next_read(stand_in):
    service = await stand_in("myanimelist")
    pages = await service.changes("anime")
    assert all(page.listing for page in pages)
    assert "nsfw=true" in service.asked[0]
    assert "sort=list_updated_at" in service.asked[0]
    before = len(service.asked)
    (page,) = await service.changes("anime", pages[-1].cursor)
    assert [change.ref.id for change in page.changes] == ["900001"]
    assert not page.listing
    assert len(service.asked) == before + 1


@pytest.mark.parametrize(("status", "kind"), [(401, NeedsConsent), (403, TryLater), (504, TryLater)])
async def test_being_shut_out_for_a_while_is_no_loss_of_permission(stand_in, status, kind):
    service = await stand_in("myanimelist")
    service.answer("GET /users/@me/animelist", lambda *_: _refusal(status))
    with pytest.raises(kind):
        await service.changes("anime")


def _refusal(status: int):
    from aiohttp import web

    return web.Response(
        status=status, text="<html>wait</html>", content_type="text/html", headers={"Retry-After": "999"}
    )


ANSWERS = {
    "/users/@me": "me.json",
    "/users/@me/animelist": "anime-1.json",
    "/users/@me/animelist?offset=2": "anime-2.json",
    "/users/@me/mangalist": "manga.json",
}


class _Lists(BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        parts = urlsplit(self.path)
        offset = "?offset=2" if "offset=2" in parts.query else ""
        found = ANSWERS.get(parts.path + offset)
        allowed = self.headers["Authorization"] == f"Bearer {TOKEN}"
        body = (FIXTURES / "live" / found).read_bytes() if found and allowed else b"{}"
        self.send_response(200 if found and allowed else 401)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: object) -> None:
        pass


@contextmanager
def lists() -> Iterator[str]:
    with ThreadingHTTPServer(("127.0.0.1", 0), _Lists) as server:
        thread = threading.Thread(target=server.serve_forever, args=(0.05,))
        thread.start()
        try:
            yield f"http://127.0.0.1:{server.server_port}"
        finally:
            server.shutdown()
            thread.join()


@pytest.fixture
def hub(tmp_path: Path) -> Iterator[Hub]:
    with Hub(settings=settings.read({}, data=tmp_path / "hub")) as opened:
        yield opened


def connect(hub: Hub, address: str) -> None:
    hub.connect("myanimelist", base_url=address, secrets={"access_token": Secret(TOKEN)})


def titles(hub: Hub) -> dict[str, LibraryEntry]:
    return {item.value.url: item.value for item in hub.items(kind="library_entry")}


@pytest.fixture(params=["by id", "by name"])
def exported(request, tmp_path: Path) -> Path:
    """The export; of those that other services write, some know only the name."""
    text = (FIXTURES / "animelist.xml").read_text()
    if request.param == "by name":
        text = text.replace("<user_id>1000001</user_id>", "<user_id></user_id>")
    path = tmp_path / "animelist.xml"
    path.write_text(text)
    return path


def test_the_export_and_the_account_are_one(hub, exported):
    (report,) = hub.import_files(exported)
    assert report.counts.created == 2
    with pytest.raises(PersonMustFix, match=r"imported from files; .*entrepot connect myanimelist"):
        hub.sync("myanimelist")
    with lists() as address:
        connect(hub, address)
        assert [(one.mode, one.account_id, one.account_name) for one in hub.integrations()] == [
            ("live", "1000001", "someone")
        ]
        counts = hub.sync("myanimelist").counts
        assert (counts.created, counts.updated, counts.deleted, counts.refused) == (2, 2, 0, 1)
        live = titles(hub)
        assert len(live) == 4
        assert live["https://myanimelist.net/anime/900001"].repeats == 3
        (report,) = hub.import_files(exported)
        assert (report.counts.created, report.counts.updated, report.counts.unchanged) == (0, 0, 2)
        assert titles(hub) == live
        again = hub.sync("myanimelist").counts
        assert (again.created, again.updated, again.deleted) == (0, 0, 0)
    assert len(hub.integrations()) == 1


def test_an_export_after_the_account_fills_only_what_is_missing(hub, exported):
    with lists() as address:
        connect(hub, address)
        assert hub.sync("myanimelist").counts.created == 4
    before = titles(hub)
    exported.write_text(exported.read_text().replace("900002", "900010"))
    (report,) = hub.import_files(exported)
    assert (report.counts.created, report.counts.updated) == (1, 0)
    after = titles(hub)
    assert after.pop("https://myanimelist.net/anime/900010").title == "Old numbers"
    assert after == before
    assert len(hub.integrations()) == 1


def test_somebody_elses_export_stays_apart(hub, exported):
    with lists() as address:
        connect(hub, address)
    exported.write_text(exported.read_text().replace("1000001", "77").replace("someone", "else"))
    hub.import_files(exported)
    assert sorted(one.mode for one in hub.integrations()) == ["archive", "live"]
