"""HubSpot: listings and searches, the end of a search, blanks, permission that is gone."""

from datetime import UTC, datetime
from decimal import Decimal

import pytest
from aiohttp import web

from entrepot.core.errors import NeedsConsent, ServiceChanged, TryLater

CONTACTS = "GET /crm/objects/2026-09/contacts"
SEARCH = "POST /crm/objects/2026-09/contacts/search"


def contact(number: int, changed: datetime) -> dict[str, object]:
    text = changed.isoformat().replace("+00:00", "Z")
    return {
        "id": str(number),
        "properties": {"lastmodifieddate": text, "email": f"{number}@example.org"},
        "createdAt": text,
        "updatedAt": text,
        "archived": False,
    }


class Search:
    """As HubSpot searches: from a time on, oldest change first, 200 at a time, and nothing past 10,000."""

    def __init__(self, *changed: dict) -> None:
        self.changed = sorted(changed, key=lambda one: one["properties"]["lastmodifieddate"])
        self.bodies: list[dict] = []

    def __call__(self, _: web.Request, body: dict) -> web.Response:
        self.bodies.append(body)
        [[wanted]] = [group["filters"] for group in body["filterGroups"]]
        floor = datetime.fromtimestamp(int(wanted["value"]) / 1000, UTC).isoformat().replace("+00:00", "Z")
        found = [one for one in self.changed if one["properties"]["lastmodifieddate"] >= floor]
        at = int(body["after"])
        if at + body["limit"] > 10_000:
            return web.json_response({"status": "error", "message": "the search ends at 10,000"}, status=400)
        more = at + body["limit"] < len(found)
        paging = {"paging": {"next": {"after": str(at + body["limit"])}}} if more else {}
        return web.json_response({"total": len(found), "results": found[at : at + body["limit"]], **paging})


async def test_a_contact_carries_names_ways_to_reach_it_and_its_stage(stand_in):
    service = await stand_in("hubspot")
    contacts, pages = await service.everything("contacts")
    ada, nameless, bo = (contacts[one].data for one in ("101", "102", "103"))
    assert (ada.name.full, ada.name.given, ada.name.surname) == ("Ada Müller", "Ada", "Müller")
    assert [phone.number for phone in ada.phones] == ["+49 30 5550100", "+49 151 5550100"]
    assert ada.phones[1].label == "mobile"
    assert (ada.organizations[0].name, ada.titles, ada.links) == ("Example GmbH", ["Engineer"], ["https://example.org"])
    assert (ada.addresses[0].locality, ada.addresses[0].region) == ("Berlin", None)
    assert ada.lifecycle_stage == "customer"
    assert (nameless.name, nameless.emails[0].address) == (None, "info@example.org")
    assert (bo.name.full, bo.emails, bo.phones) == ("Bo", [], [])
    assert [page.listing for page in pages] == [True, True]


async def test_deals_and_tasks_and_notes_and_companies_mean_what_they_say(stand_in):
    service = await stand_in("hubspot")
    deals, _ = await service.everything("deals")
    tasks, _ = await service.everything("tasks")
    notes, _ = await service.everything("notes")
    companies, pages = await service.everything("companies")
    open_deal, won = deals["301"].data, deals["302"].data
    assert (open_deal.amount, open_deal.currency, open_deal.probability) == (Decimal("12000.50"), "EUR", 0.9)
    assert (won.amount, won.is_won, won.is_closed) == (None, True, True)
    assert (tasks["401"].data.due, tasks["401"].data.time_zone) == ("2026-11-30T08:30:00", "Etc/UTC")
    assert (tasks["401"].data.priority, tasks["401"].data.description.strip()) == (1, "About the **contract**")
    assert (tasks["402"].data.progress, tasks["402"].data.priority) == ("completed", None)
    assert "* likes tea" in notes["501"].data.body
    assert (companies["201"].data.employees, companies["201"].data.annual_revenue) == (12, Decimal("1250000.5"))
    (bad,) = pages[0].bad
    assert (bad.where, "employees" in bad.reason) == ("202", True)


async def test_after_a_full_listing_only_changes_are_searched_for(stand_in):
    service = await stand_in("hubspot")
    pages = await service.changes("contacts")
    search = Search(contact(101, datetime(2026, 10, 7, tzinfo=UTC)))
    service.answer(SEARCH, search)
    (page,) = await service.changes("contacts", pages[-1].cursor)
    assert ([change.ref.id for change in page.changes], page.listing) == (["101"], False)
    assert search.bodies[0]["sorts"] == ["lastmodifieddate"]
    latest = datetime(2026, 10, 6, 8, 50, tzinfo=UTC)  # the latest known, less ten minutes
    assert search.bodies[0]["filterGroups"][0]["filters"][0]["value"] == str(int(latest.timestamp() * 1000))
    assert "lifecyclestage" in search.bodies[0]["properties"]


async def test_more_changes_than_a_search_shows_are_read_to_the_end(stand_in):
    service = await stand_in("hubspot")
    pages = await service.changes("contacts")
    begun = datetime(2026, 10, 6, 9, 0, tzinfo=UTC)
    # An import: 12,000 records within three minutes, which is less than the overlap.
    search = Search(
        *(
            contact(n, begun.replace(minute=n // 4000, second=n // 100 % 40, microsecond=n % 100 * 1000))
            for n in range(12_000)
        )
    )
    service.answer(SEARCH, search)
    found = await service.changes("contacts", pages[-1].cursor)
    assert {change.ref.id for page in found for change in page.changes} == {str(n) for n in range(12_000)}
    assert len(found) < 70
    assert [page.last for page in found[-2:]] == [False, True]


async def test_what_was_deleted_is_absent_from_the_next_listing(stand_in):
    service = await stand_in("hubspot")
    service.answer(CONTACTS, {"results": [contact(101, datetime(2026, 10, 7, tzinfo=UTC))]})
    stream = service.manifest.stream("contacts")
    (page,) = await service.changes("contacts")
    assert (stream.deletions, stream.full_every) == ("absence", 86_400)
    assert (page.listing, page.last, len(page.changes)) == (True, True, 1)


async def test_each_refusal_says_what_comes_next(stand_in):
    service = await stand_in("hubspot")
    service.answer(CONTACTS, 401)
    with pytest.raises(NeedsConsent):
        await service.changes("contacts")
    service.answer(CONTACTS, {"total": 3})
    with pytest.raises(ServiceChanged):
        await service.changes("contacts")


@pytest.mark.parametrize("status", [429, 477])
async def test_a_busy_service_names_when_to_come_back(stand_in, status):
    service = await stand_in("hubspot")
    later = {"Retry-After": "86000"}
    service.answer(CONTACTS, lambda *_: web.json_response({}, status=status, headers=later))
    with pytest.raises(TryLater) as busy:
        await service.changes("contacts")
    assert busy.value.after is not None
    assert busy.value.after > 80_000
