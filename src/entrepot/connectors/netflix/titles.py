"""What Netflix's titles say by themselves, and the searches for titles."""

import re
from collections.abc import Iterator
from datetime import UTC, datetime

from entrepot.core.change import BadRow, Change, Ref
from entrepot.core.life import Play
from entrepot.protocols.archive_keys import key_of
from entrepot.protocols.archive_tables import Row, Table

SEARCH = ("Profile Name", "Query Typed", "Utc Timestamp")
STREAM = "searches"
_EPISODE = re.compile(
    r"(?P<series>\S.*?): (?:(?:Season|Part|Volume|Chapter|Series|Book|Staffel|Teil|Saison|Partie|Temporada|Parte|"
    r"Stagione|Seizoen|Säsong|Sæson|Sesong|Kausi|Sezon|Sezona) \d+|Limited Series|Miniserie|Mini-série): \S.*"
)


def object_of(title: str) -> tuple[str | None, str | None]:
    """`episode` and the series where the title names a season; else it may be a film with a colon, so nothing."""
    found = _EPISODE.fullmatch(title.strip())
    return ("episode", found["series"]) if found else (None, None)


def read_searches(table: Table) -> Iterator[Change | BadRow]:
    for row in table.rows(STREAM):
        if isinstance(row, BadRow):
            yield row
            continue
        try:
            yield _read(row)
        except ValueError as error:
            yield BadRow(STREAM, f"{table.entry.name}, line {row.number}", str(error))


def _read(row: Row) -> Change:
    profile, when = row["Profile Name"], row["Utc Timestamp"]
    shown = row.get("Displayed Name")
    query = row["Query Typed"] or shown
    started = datetime.fromisoformat(when.removesuffix(" UTC")).replace(tzinfo=UTC)
    play = Play(
        verb="Search",
        title=query,
        started=started,
        device=row.get("Device") or None,
        country=row.get("Country Iso Code") or None,
        profile=profile or None,
        extra={"displayedName": shown} if shown else {},
    )
    return Change(STREAM, Ref(key_of(profile, when, query, shown, row.get("Action"))), play, row.json())
