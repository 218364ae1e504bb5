"""AniList: entries that come twice, partial dates, scores, chunks, a token that was revoked."""

import pytest
from aiohttp import web

from entrepot.core.errors import NeedsConsent, ServiceChanged, TryLater


def refusing(status: int, message: str, **headers: str):
    def answer(*_: object) -> web.Response:
        return web.json_response(
            {"errors": [{"message": message, "status": status}], "data": None}, status=status, headers=headers
        )

    return answer


async def test_an_entry_says_how_far_how_good_and_when(stand_in):
    service = await stand_in("anilist")
    anime, _ = await service.everything("anime")
    done, private, dropped = (anime[one].data for one in ("1001", "1002", "1004"))
    assert (done.medium, done.status, done.score, done.progress, done.total) == ("anime", "completed", 85, 12, 12)
    assert (done.started, done.finished, done.repeats) == ("2024-01-05", "2024-03", 1)
    assert done.titles == {"romaji": "Rei no Monogatari", "english": "A Tale of Examples", "native": "例の物語"}
    assert done.identifiers == {"anilist": "900001", "mal": "800001"}
    assert done.extra["customLists"] == {"Favourites of 2024": True}
    assert (private.is_private, private.score, private.identifiers) == (True, None, {"anilist": "900002"})
    assert (dropped.created, dropped.updated.year) == (None, 2025)


async def test_manga_counts_chapters_and_volumes(stand_in):
    service = await stand_in("anilist")
    manga, _ = await service.everything("manga")
    entry = manga["2001"].data
    assert (entry.medium, entry.status, entry.started) == ("manga", "paused", "2023")
    assert (entry.progress, entry.total, entry.progress_volumes, entry.total_volumes) == (40, 100, 4, 11)


async def test_custom_lists_repeat_entries_and_each_comes_once(stand_in):
    service = await stand_in("anilist")
    pages = await service.changes("anime")
    assert [change.ref.id for page in pages for change in page.changes] == ["1001", "1002", "1004"]
    assert [row.where for page in pages for row in page.bad] == ["1003"]  # 72.5 of 100 points
    assert all(page.listing for page in pages)
    assert [page.last for page in pages] == [False, True]
    assert pages[-1].cursor is None  # the next read lists everything again, and shows what is gone


async def test_what_is_asked_again_begins_with_the_chunk_that_follows(stand_in):
    service = await stand_in("anilist")
    first, *_ = await service.changes("anime")
    (rest,) = await service.changes("anime", first.cursor)
    assert [change.ref.id for change in rest.changes] == ["1004"]
    assert rest.listing


async def test_an_empty_list_is_a_list(stand_in):
    service = await stand_in("anilist")
    await service.reader.probe()
    service.answer("POST /", {"data": {"MediaListCollection": {"hasNextChunk": False, "lists": []}}})
    (page,) = await service.changes("manga")
    assert (page.changes, page.last, page.listing) == ([], True, True)


async def test_a_revoked_token_asks_for_permission_again(stand_in):
    service = await stand_in("anilist")
    service.answer("POST /", refusing(400, "Invalid token"))
    with pytest.raises(NeedsConsent, match="Invalid token"):
        await service.reader.probe()


@pytest.mark.parametrize("status", [403, 429])
async def test_a_service_that_is_busy_or_off_is_asked_later(stand_in, status):
    service = await stand_in("anilist")
    service.answer("POST /", refusing(status, "Not now.", **{"Retry-After": "3600"}))
    with pytest.raises(TryLater) as busy:
        await service.reader.probe()
    assert busy.value.after is not None
    assert busy.value.after >= 3600


async def test_an_answer_without_lists_is_no_empty_list(stand_in):
    service = await stand_in("anilist")
    await service.reader.probe()
    service.answer("POST /", {"data": {"MediaListCollection": None}})
    with pytest.raises(ServiceChanged):
        await service.changes("anime")
