"""NetflixViewingHistory.csv: a title and a date per line, newest first, dates as the browser writes them."""

from collections.abc import Iterator, Mapping

from entrepot.core.change import BadRow, Change, Ref
from entrepot.core.life import Play
from entrepot.protocols.archive_keys import RepeatedKeys
from entrepot.protocols.archive_tables import Row, Table
from entrepot.protocols.date_order import Order, date_order, read_date

from .titles import object_of

STREAM = "history"


def read_history(table: Table, settings: Mapping[str, str]) -> Iterator[Change | BadRow]:
    """The file is read twice: once to learn the order of day and month, once for its rows.

    Nothing in it tells the profile. Where the person names one, it is in the key: two people may see one film in a day.
    """
    chosen, profile = settings.get("date_order", ""), settings.get("profile", "")
    dates = (row.cells[1] for row in table.rows(STREAM) if isinstance(row, Row))
    order = date_order(dates, chosen=chosen, where=table.entry.name, newest_first=True)
    keys = RepeatedKeys()
    for row in table.rows(STREAM):
        if isinstance(row, BadRow):
            yield row
            continue
        try:
            yield _read(row, order, profile, keys)
        except ValueError as error:
            yield BadRow(STREAM, f"{table.entry.name}, line {row.number}", str(error))


def _read(row: Row, order: Order, profile: str, keys: RepeatedKeys) -> Change:
    title, written = row.cells
    day = read_date(written, order).isoformat()
    object_type, series = object_of(title)
    play = Play(
        verb="View", title=title.strip(), series=series, object_type=object_type, date=day, profile=profile or None
    )
    return Change(STREAM, Ref(keys.key_of(title, day, *filter(None, [profile]))), play, row.json())
