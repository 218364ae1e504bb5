"""ViewingActivity.csv of the full download: one line per session, times in UTC, durations as H:MM:SS."""

from collections.abc import Iterator
from datetime import UTC, datetime

from entrepot.core.change import BadRow, Change, Ref
from entrepot.core.life import Play
from entrepot.protocols.archive_keys import key_of
from entrepot.protocols.archive_tables import Row, Table

from .titles import object_of

SESSION = ("Profile Name", "Start Time", "Duration", "Title", "Device Type")
STREAM = "viewing"
_KEPT = {
    "Attributes": "attributes",
    "Bookmark": "bookmark",
    "Latest Bookmark": "latestBookmark",
}


def read_sessions(table: Table) -> Iterator[Change | BadRow]:
    """Lines with a supplemental video type are what Netflix showed unasked, no viewings."""
    for row in table.rows(STREAM):
        if isinstance(row, BadRow):
            yield row
        elif not row.get("Supplemental Video Type").strip():
            try:
                yield _read(row)
            except ValueError as error:
                yield BadRow(STREAM, f"{table.entry.name}, line {row.number}", str(error))


def _read(row: Row) -> Change:
    profile, start, title, device = (row[name] for name in ("Profile Name", "Start Time", "Title", "Device Type"))
    object_type, series = object_of(title)
    play = Play(
        verb="View",
        title=title.strip(),
        series=series,
        object_type=object_type,
        started=datetime.fromisoformat(start).replace(tzinfo=UTC),
        seconds=seconds_of_clock(row["Duration"]),
        device=device or None,
        country=row.get("Country").partition(" ")[0] or None,
        profile=profile or None,
        extra={name: value for column, name in _KEPT.items() if (value := row.get(column).strip())},
    )
    return Change(STREAM, Ref(key_of(profile, start, title, device)), play, row.json())


def seconds_of_clock(text: str) -> float:
    """`1:02:03` is 3723 seconds."""
    hours, minutes, seconds = (int(part) for part in text.split(":"))
    if not (0 <= minutes < 60 and 0 <= seconds < 60 and hours >= 0):
        raise ValueError(f"{text!r} is not a duration")
    return float(hours * 3600 + minutes * 60 + seconds)
