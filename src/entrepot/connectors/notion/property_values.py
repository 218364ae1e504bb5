"""What a column of a page is sent to become a value (https://developers.notion.com/reference/page-property-values)."""

from datetime import UTC, datetime, tzinfo
from typing import Any
from zoneinfo import ZoneInfo

from entrepot.core.errors import RecordRefused

from .from_markdown import plain_runs
from .rich_text import plain

Json = dict[str, Any]

_AS_THEY_ARE = frozenset(("number", "checkbox", "url", "email", "phone_number"))


def sent(name: str, kind: str, value: Any) -> Json:
    """The plain value of `columns.column_value` as Notion takes it; RecordRefused for what only Notion can set."""
    match kind:
        case "title" | "rich_text":
            made: Any = plain_runs("" if value is None else str(value))
        case "select" | "status":
            made = {"name": _option(name, str(value))} if value else None
        case "multi_select":
            made = [{"name": _option(name, str(option))} for option in value or ()]
        case "date":
            start, _, end = str(value or "").partition("/")
            made = {"start": start, "end": end or None} if start else None
        case _ if kind in _AS_THEY_ARE:
            made = value if kind != "checkbox" else bool(value)
        case _:
            raise RecordRefused(f"The column {name} ({kind}) can be changed in Notion only.")
    return {kind: made}


def sent_again(name: str, column: Json) -> Json:
    """A column in Notion's own form, of which a part was changed, without what Notion made of the other parts."""
    kind = column.get("type", "")
    held = column.get(kind)
    match kind:
        case "title" | "rich_text":
            return {kind: plain_runs(plain(held))}
        case "select" | "status":
            return sent(name, kind, (held or {}).get("name"))
        case "multi_select":
            return sent(name, kind, [option.get("name") for option in held or ()])
        case "date":
            return {kind: _date(held)}
        case _:
            return sent(name, kind, held)


def is_told(given: Json, column: Json) -> bool:
    """Whether a column tells what was sent to it; dates by their moment, whatever the form."""
    ((kind, value),) = given.items()
    held = column.get(kind)
    match kind:
        case "title" | "rich_text":
            return "".join(run["text"]["content"] for run in value) == plain(held)
        case "select" | "status":
            return (value or {}).get("name") == (held or {}).get("name")
        case "multi_select":
            return {option["name"] for option in value} == {option["name"] for option in held or ()}
        case "date":
            return _moments(value) == _moments(held)
        case _:
            return value == held


def _moments(date: Json | None) -> list[datetime | str]:
    held: Json = date or {}
    zone = ZoneInfo(held["time_zone"]) if held.get("time_zone") else UTC
    return [_moment(str(held.get(end) or ""), zone) for end in ("start", "end")]


def _moment(text: str, zone: tzinfo) -> datetime | str:
    at = datetime.fromisoformat(text) if "T" in text else None
    return text if at is None else at if at.tzinfo else at.replace(tzinfo=zone)


def dated(start: str | None, end: str | None, zone: str | None) -> Json | None:
    """A day, a time without an offset in a zone, or an instant; Notion takes no zone beside an offset or a day."""
    if start is None:
        return None
    has_zone = zone is not None and "T" in start and not start.endswith("Z")
    return {"start": start, "end": end, "time_zone": zone if has_zone else None}


def _date(held: Json | None) -> Json | None:
    return {key: held.get(key) for key in ("start", "end", "time_zone")} if held and held.get("start") else None


def _option(name: str, text: str) -> str:
    if "," in text:
        raise RecordRefused(f"{text!r} cannot be an option of {name}: Notion has none with a comma.")
    return text
