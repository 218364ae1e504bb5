"""The columns of Notion's stand-in: those of its database, and what is told again of what they are sent."""

from datetime import UTC, datetime
from typing import Any
from zoneinfo import ZoneInfo

Json = dict[str, Any]

CHORES = "2a2b3c4d-0000-4000-8000-00000000000f"
MARKS = {"bold": False, "italic": False, "strikethrough": False, "underline": False, "code": False, "color": "default"}
_OPTIONS = {"State": ["Not started", "Doing", "Waiting", "Done"], "Priority": ["High", "Medium", "Low"]}
_GROUPS = [("To-do", ["Not started"]), ("In progress", ["Doing", "Waiting"]), ("Complete", ["Done"])]


class Refused(Exception):
    def __init__(self, message: str, status: int = 400, code: str = "validation_error") -> None:
        super().__init__(message)
        self.status = status
        self.body = {"object": "error", "status": status, "code": code, "message": message}


def value_of(name: str, kind: str, value: Any, *, keeps_zones: bool) -> Any:
    """What is told again of what a column was sent."""
    match kind:
        case "title" | "rich_text":
            return [read_run(run) for run in value]
        case "status" | "select":
            if value and (value["name"] not in _OPTIONS[name] if kind == "status" else "," in value["name"]):
                raise Refused(f"{value['name']} is no option of {name}.")
            return {"id": f"o-{value['name']}", "name": value["name"], "color": "default"} if value else None
        case "multi_select":
            if any("," in option["name"] for option in value):
                raise Refused("An option may have no comma.")
            return [{"id": f"o-{option['name']}", "name": option["name"], "color": "default"} for option in value]
        case "date":
            return _date(value, keeps_zones=keeps_zones)
        case "number" | "checkbox":
            return value
        case _:
            raise Refused(f"{name} cannot be set here.")


def _date(value: Json | None, *, keeps_zones: bool) -> Json | None:
    if value is None:
        return None
    zone = value.get("time_zone")
    ends = [value["start"], value.get("end")]
    if zone and any(end and ("T" not in end or end.endswith("Z") or "+" in end) for end in ends):
        raise Refused("A time zone goes with times that have no offset.")
    if ends[1] and ends[1] < ends[0]:
        raise Refused("The end is before the start.")
    told = ends if zone and keeps_zones else [end and _moment(end, zone) for end in ends]
    return {"start": told[0], "end": told[1], "time_zone": zone if keeps_zones else None}


def _moment(text: str, zone: str | None) -> str:
    """A time without an offset is meant in the zone, or else in UTC."""
    if "T" not in text:
        return text
    at = datetime.fromisoformat(text)
    at = at if at.tzinfo else at.replace(tzinfo=ZoneInfo(zone) if zone else UTC)
    return at.isoformat(timespec="milliseconds")


def said(text: str, **marks: Any) -> Json:
    return {"type": "text", "text": {"content": text}, **({"annotations": marks} if marks else {})}


def read_run(run: Json) -> Json:
    """A run of text as it is told: with all of its marks, and its text in full."""
    text, link = run["text"]["content"], run["text"].get("link")
    told = {
        "type": "text",
        "text": {"content": text, "link": link},
        "annotations": {**MARKS, **run.get("annotations", {})},
    }
    return {**told, "plain_text": text, "href": link["url"] if link else None}


def _column(name: str, kind: str, held: Json | None = None) -> Json:
    return {"id": "title" if kind == "title" else name[:4], "name": name, "type": kind, kind: held or {}}


def source() -> Json:
    options = {name: [{"id": f"o-{each}", "name": each} for each in names] for name, names in _OPTIONS.items()}
    groups = [{"id": name, "name": name, "option_ids": [f"o-{each}" for each in names]} for name, names in _GROUPS]
    columns = [
        _column("Name", "title"),
        _column("State", "status", {"options": options["State"], "groups": groups}),
        _column("Due", "date"),
        _column("Priority", "select", {"options": options["Priority"]}),
        _column("Tags", "multi_select", {"options": []}),
        _column("Notes", "rich_text"),
        _column("Effort", "number"),
        _column("Assignee", "people"),
    ]
    return {
        "object": "data_source",
        "id": CHORES,
        "title": [read_run(said("Chores"))],
        "properties": {column["name"]: column for column in columns},
    }


_LISTS = {"title", "rich_text", "multi_select", "people"}
EMPTY = {
    name: {"id": column["id"], "type": column["type"], column["type"]: [] if column["type"] in _LISTS else None}
    for name, column in source()["properties"].items()
}
