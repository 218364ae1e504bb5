"""The columns of a database row as plain values (https://developers.notion.com/reference/page-property-values)."""

from typing import Any

from .rich_text import plain

Json = dict[str, Any]


def title_of(page: Json) -> str:
    """The one property of type title, whatever it is called."""
    for column in page.get("properties", {}).values():
        if column.get("type") == "title":
            return plain(column.get("title"))
    return ""


def column_values(properties: Json) -> Json:
    """Name → value; empty columns and the title are left out."""
    found = {name: column_value(column) for name, column in properties.items() if column.get("type") != "title"}
    return {name: value for name, value in found.items() if value not in (None, "", [])}


def column_value(column: Json) -> Any:
    """One property, or what a formula or rollup came to; None for a type that holds nothing to keep."""
    kind = column.get("type", "")
    held = column.get(kind)
    if held is None:
        return None
    match kind:
        case "rich_text" | "title":
            found = plain(held)
        case "select" | "status":
            found = held.get("name")
        case "multi_select":
            found = [option.get("name") for option in held]
        case "people" | "relation":
            found = [one.get("name") or one.get("id") for one in held]
        case "files":
            found = [_address(file) for file in held]
        case "created_by" | "last_edited_by":
            found = held.get("name") or held.get("id")
        case _:
            found = _computed(kind, held)
    return found


def _computed(kind: str, held: Any) -> Any:
    match kind:
        case "date":
            return "/".join(filter(None, (held.get("start"), held.get("end"))))
        case "formula" | "rollup":
            return [column_value(each) for each in held["array"]] if held.get("type") == "array" else column_value(held)
        case "unique_id":
            return "-".join(str(part) for part in (held.get("prefix"), held.get("number")) if part is not None)
        case "verification":
            return held.get("state")
        case "button":
            return None
        case _:
            return held  # number, checkbox, url, email, phone_number, string, boolean, times, and what is new


def _address(file: Json) -> Any:
    held = file.get(file.get("type", ""))
    return (held or {}).get("url") or file.get("name")
