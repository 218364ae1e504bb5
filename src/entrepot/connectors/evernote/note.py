"""One note of an export as a `note`, with its files."""

import math
import re
from collections.abc import Callable, Mapping

from entrepot.core.change import Change, Ref
from entrepot.core.writing import Note

from .enex import RawNote
from .enml import read_enml
from .markdown import markdown_of
from .media import Media
from .tasks import Tasks
from .times import instant_of

STREAM = "notes"
_TAGS = re.compile(r"<[^>]*>")
_KEPT = {
    "altitude": "altitude",
    "source": "source",
    "source-application": "sourceApplication",
    "reminder-order": "reminderOrder",
    "reminder-done-time": "reminderDoneTime",
    "place-name": "placeName",
    "content-class": "contentClass",
    "subject-date": "subjectDate",
    "application-data": "applicationData",
}


def change_of(raw: RawNote, notebook: str, key_of: Callable[..., str]) -> Change:
    """`key_of` numbers equal keys. An export has no ids, so a note is known by notebook, time of creation and title."""
    fields = raw.fields
    media = Media(raw.resources)
    body = _body(raw, media)
    data = Note(
        title=" ".join(fields.get("title", "").split()),
        body=body,
        notebook=notebook,
        tags=raw.tags,
        author=fields.get("author") or None,
        source_url=fields.get("source-url") or None,
        latitude=_degrees(fields, "latitude", 90),
        longitude=_degrees(fields, "longitude", 180),
        reminder=instant_of(fields.get("reminder-time")),
        files=media.embedded(),
        created=instant_of(fields.get("created")),
        updated=instant_of(fields.get("updated")),
        extra=_extra(raw),
    )
    key = key_of("evernote", notebook, fields.get("created", ""), data.title)
    native = fields.get("content", "").encode("utf-8", "replace")
    return Change(STREAM, Ref(key), data, native=native, collection=notebook, files=media.files)


def _body(raw: RawNote, media: Media) -> str:
    content = raw.fields.get("content", "")
    tasks = Tasks(raw.tasks)
    note = read_enml(content)
    body = markdown_of(note, media, tasks.of_group) if note is not None else _TAGS.sub(" ", content).strip()
    left = "\n".join(tasks.rest())
    return f"{body}\n\n{left}".strip() if left else body


def _extra(raw: RawNote) -> dict[str, object]:
    extra: dict[str, object] = {name: raw.fields[tag] for tag, name in _KEPT.items() if raw.fields.get(tag)}
    for name in ("created", "updated"):
        if raw.fields.get(name) and instant_of(raw.fields[name]) is None:
            extra[name] = raw.fields[name]
    if raw.tasks:
        extra["tasks"] = raw.tasks
    return extra


def _degrees(fields: Mapping[str, str], name: str, most: int) -> float | None:
    try:
        found = float(fields.get(name, ""))
    except ValueError:
        return None
    return found if math.isfinite(found) and abs(found) <= most else None
