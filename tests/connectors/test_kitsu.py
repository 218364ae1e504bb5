"""Kitsu: works and their ids beside the entries, a second time through, pages by offset, newest first, permission."""

from urllib.parse import parse_qs, urlsplit

import msgspec
import pytest
from aiohttp import web

from entrepot.core.errors import NeedsConsent, ServiceChanged, TryLater

ENTRIES = "GET /library-entries"


def entry(number: int, updated: str, **attributes: object) -> dict:
    return {
        "id": str(number),
        "type": "libraryEntries",
        "attributes": {"status": "current", "reconsuming": False, "updatedAt": updated, **attributes},
    }


def listing(*entries: dict, more: bool = False) -> dict:
    return {"data": entries, "meta": {"count": len(entries)}, "links": {"next": "https://kitsu.app/…"} if more else {}}


async def read_one(service, **attributes: object):
    service.answer(ENTRIES, listing(entry(1, "2026-10-01T00:00:00.000Z", **attributes)))
    (page,) = await service.changes("anime")
    return page.changes[0].data if page.changes else page.bad[0]


async def test_an_entry_says_how_far_how_good_and_when(stand_in):
    service = await stand_in("kitsu")
    anime, _ = await service.everything("anime")
    done, again, hidden = (anime[one].data for one in ("1001", "1002", "1003"))
    assert (done.medium, done.title, done.status, done.score) == ("anime", "A Tale of Examples", "completed", 85)
    assert (done.progress, done.total, done.repeats, done.format) == (12, 12, 1, "TV")
    assert (done.started, done.finished) == ("2024-01-05", "2024-03-20")
    assert (done.notes, done.is_private) == ("Zweimal gesehen – schön", False)
    assert done.titles == {"english": "A Tale of Examples", "romaji": "Rei no Monogatari", "native": "例の物語"}
    assert (again.status, again.repeats, again.is_private, again.score) == ("repeating", 2, True, None)
    assert (hidden.title, hidden.status, hidden.identifiers) == ("", "paused", {})


async def test_the_same_work_elsewhere_is_known_by_its_ids(stand_in):
    service = await stand_in("kitsu")
    anime, _ = await service.everything("anime")
    manga, _ = await service.everything("manga")
    work = anime["1001"].data
    assert work.identifiers == {"kitsu": "900001", "mal": "800001", "anilist": "700001", "anidb": "66"}
    assert work.url == "https://kitsu.app/anime/a-tale-of-examples"
    assert anime["1002"].data.identifiers == {"kitsu": "900002"}
    assert manga["2001"].data.identifiers == {"kitsu": "910001", "mal": "810001"}
    assert b"entrepot" not in anime["1001"].native


async def test_manga_counts_chapters_and_keeps_the_volumes_one_owns(stand_in):
    service = await stand_in("kitsu")
    manga, _ = await service.everything("manga")
    book = manga["2001"].data
    assert (book.medium, book.progress, book.total, book.total_volumes) == ("manga", 40, 100, 11)
    assert (book.progress_volumes, book.extra) == (None, {"volumesOwned": 4})


async def test_ratings_and_statuses_that_cannot_be_set_one_entry_aside(stand_in):
    service = await stand_in("kitsu")
    pages = await service.changes("anime")
    (bad,) = [row for page in pages for row in page.bad]
    assert (bad.where, "score" in bad.reason) == ("1004", True)
    assert "rewatching" in (await read_one(service, status="rewatching")).reason
    assert (await read_one(service, ratingTwenty=2, status="dropped")).score == 10


async def test_pages_follow_by_offset_and_only_on_the_service_itself(stand_in):
    service = await stand_in("kitsu")
    pages = await service.changes("anime")
    assert [(page.listing, page.last, page.total) for page in pages] == [(True, False, 4), (True, True, 4)]
    probe, first, second = (parse_qs(urlsplit(one).query) for one in service.asked)
    assert probe == {"filter[self]": ["true"]}
    assert (first["page[offset]"], second["page[offset]"], first["page[limit]"]) == (["0"], ["2"], ["200"])
    assert (first["include"], first["sort"]) == (["anime,anime.mappings"], ["-updatedAt"])


async def test_the_next_read_ends_where_everything_is_known(stand_in):
    service = await stand_in("kitsu")
    pages = await service.changes("anime")
    times = ("2026-10-07T08:00:00.000Z", "2026-10-06T09:30:00.000Z", "2026-10-01T00:00:00.000Z")
    service.answer(ENTRIES, listing(*(entry(n, at) for n, at in enumerate(times)), more=True))
    (page,) = await service.changes("anime", pages[-1].cursor)
    assert ([change.ref.id for change in page.changes], page.listing, page.last) == (["0", "1"], False, True)
    stream = service.manifest.stream("anime")
    assert (stream.deletions, stream.full_every) == ("absence", 86_400)


async def test_an_empty_library_is_a_library(stand_in):
    service = await stand_in("kitsu")
    service.answer(ENTRIES, listing())
    (page,) = await service.changes("manga")
    assert (page.changes, page.last, page.listing) == ([], True, True)


async def test_json_api_is_asked_for_everywhere(stand_in):
    service = await stand_in("kitsu")
    accepted: list[str] = []

    def answer(request: web.Request, _: object) -> web.Response:
        accepted.append(request.headers["Accept"])
        body = listing() if "library" in request.path else {"data": [{"id": "1500001"}]}
        return web.Response(body=msgspec.json.encode(body), content_type="application/vnd.api+json")

    service.answer(ENTRIES, answer)
    service.answer("GET /users", answer)
    await service.changes("anime")
    assert accepted == ["application/vnd.api+json"] * 2


async def test_each_refusal_says_what_comes_next(stand_in):
    service = await stand_in("kitsu")
    await service.reader.probe()
    service.answer(ENTRIES, 401)
    with pytest.raises(NeedsConsent):
        await service.changes("anime")
    service.answer(ENTRIES, {"errors": [{"title": "Something", "status": "200"}]})
    with pytest.raises(ServiceChanged):
        await service.changes("anime")
    later = {"Retry-After": "86000"}
    service.answer(ENTRIES, lambda *_: web.json_response({}, status=429, headers=later))
    with pytest.raises(TryLater):
        await service.changes("anime")


async def test_a_token_that_is_nobodys_shows_no_account(stand_in):
    service = await stand_in("kitsu")
    service.answer("GET /users", {"data": [], "meta": {"count": 0}})
    with pytest.raises(ServiceChanged, match="whose account"):
        await service.reader.probe()


async def test_a_name_and_password_are_asked_for_once(stand_in):
    service = await stand_in("kitsu")
    password, token = service.manifest.schemes
    assert (password.grants, [asked.name for asked in password.asks]) == (["password"], ["username", "password"])
    assert token.scheme == "bearer"
