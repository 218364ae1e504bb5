"""What the database refuses, said for people: a full disk, a busy file, a file that is none of ours."""

import sqlite3
from collections.abc import Generator
from contextlib import contextmanager

from sqlalchemy.exc import DatabaseError

from entrepot.core.errors import EntrepotError, PersonMustFix, TryLater

FULL = "The disk is full or failing: nothing more could be stored. What was stored is kept; make room and run it again."
BUSY = "Another process holds the database for too long. Try again in a moment."
FOREIGN = "This file is not a database of Entrepôt, or it is damaged. Restore a backup, or choose another data folder."
LOCKED_AWAY = "The database cannot be opened or written. Check the data folder and its permissions."
AWAY = "The database server cannot be reached. Check the URL and that the server runs."

_SQLITE = {
    "disk is full": (PersonMustFix, FULL),
    "disk i/o error": (PersonMustFix, FULL),
    "database is locked": (TryLater, BUSY),
    "not a database": (PersonMustFix, FOREIGN),
    "malformed": (PersonMustFix, FOREIGN),
    "readonly database": (PersonMustFix, LOCKED_AWAY),
    "unable to open": (PersonMustFix, LOCKED_AWAY),
}
_POSTGRES = {
    "53100": (PersonMustFix, FULL),
    "53300": (TryLater, BUSY),
    "40001": (TryLater, BUSY),
    "40P01": (TryLater, BUSY),
    "55P03": (TryLater, BUSY),
    "57P01": (TryLater, AWAY),
    "28000": (PersonMustFix, "The database refuses this user or password. Check the URL."),
    "28P01": (PersonMustFix, "The database refuses this user or password. Check the URL."),
    "3D000": (PersonMustFix, "The database server has no database of that name. Create it, or check the URL."),
}

# While connecting, PostgreSQL's driver knows no codes, only what the server said.
_CONNECTING = {
    "password authentication failed": _POSTGRES["28P01"],
    "no password supplied": _POSTGRES["28P01"],
    "does not exist": _POSTGRES["3D000"],
}


@contextmanager
def explained() -> Generator[None]:
    """Turn what a person or time can mend into one of the seven errors; the rest are bugs and pass."""
    try:
        yield
    except (DatabaseError, sqlite3.DatabaseError) as why:
        known = _explain(why.orig if isinstance(why, DatabaseError) else why)
        if known is None:
            raise
        raise known from why


def _explain(cause: BaseException | None) -> EntrepotError | None:
    state = getattr(cause, "sqlstate", None)
    if state is not None and state in _POSTGRES:
        kind, message = _POSTGRES[state]
        return kind(message, detail=f"{state}: {cause}")
    text = str(cause).lower()
    if state is not None:
        return None
    is_postgres = type(cause).__module__.startswith("psycopg")
    known = _CONNECTING if is_postgres else _SQLITE
    found = next((kind(message, detail=text) for part, (kind, message) in known.items() if part in text), None)
    if found is None and is_postgres and type(cause).__name__ == "OperationalError":
        return TryLater(AWAY, detail=text)
    return found
