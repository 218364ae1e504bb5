"""The hand at the stand-in for Google Calendar, held against Google's discovery document."""

from contextlib import AbstractAsyncContextManager

from msgspec.structs import replace
from tests.connectors.graph_hand import Hand, opened
from tests.services.google_calendar import GoogleCalendar

from entrepot.core.change import Change
from entrepot.core.planner import Event


def opened_google(service: GoogleCalendar) -> AbstractAsyncContextManager[Hand]:
    return opened("google_calendar", service, "google-calendar/calendar.v3.discovery.json", "discovery")


def said(made: Change, like: Event) -> Event:
    """What was sent, with what the service adds."""
    told = made.data
    assert isinstance(told, Event)
    stamps = {name: getattr(told, name) for name in ("uid", "created", "updated", "sequence", "extra")}
    return replace(like, **stamps)
