"""What has to be done to the blocks of a page so that it says what its Markdown says.

Only pages of which Markdown tells everything are written: a colour, a mention or an embed would be lost on the way.
"""

from collections.abc import Sequence
from difflib import SequenceMatcher
from typing import Any

import msgspec

from entrepot.core.errors import RecordRefused

from .from_markdown import to_blocks
from .markdown import to_markdown

Json = dict[str, Any]

_MARKS = ("bold", "italic", "strikethrough", "code")
_TEXTS = ("paragraph", "heading_1", "heading_2", "heading_3", "quote")
_LISTS = ("bulleted_list_item", "numbered_list_item", "to_do")
_MODELLED = frozenset((*_TEXTS, *_LISTS, "code", "divider"))
_HELD = {"rich_text", "color", "children", "is_toggleable", "checked", "language", "caption"}


class Insert(msgspec.Struct, frozen=True):
    """Blocks to be put behind the one with the id `after`, or at the end of the page."""

    after: str | None
    blocks: Sequence[Json]


class Edit(msgspec.Struct, frozen=True):
    """What comes new is put in before what went is taken out, so that nothing is ever missing."""

    inserts: Sequence[Insert]
    deletes: Sequence[str]


def edit_of(blocks: Sequence[Json], body: str) -> Edit:
    """`blocks` are those the page has; RecordRefused where Markdown does not tell all of what they are."""
    held = [block for block in blocks if not _is_blank(block)]
    if not _is_modelled(blocks):
        raise RecordRefused(
            "The page has content that Markdown cannot tell (colours, mentions, embeds, tables, files or pages):"
            " its text is changed in Notion only."
        )
    wanted = to_blocks(body)
    before, after = [_key(block) for block in held], [_key(block) for block in wanted]
    inserts: list[Insert] = []
    deletes: list[str] = []
    for what, start, end, begin, stop in SequenceMatcher(None, before, after, autojunk=False).get_opcodes():
        if what == "equal":
            continue
        if begin < stop and start == 0 and held:
            # Notion puts nothing before the first block, so all of it is written anew.
            return Edit([Insert(None, wanted)], [block["id"] for block in held])
        deletes += [block["id"] for block in held[start:end]]
        if begin < stop:
            inserts.append(Insert(held[start - 1]["id"] if start else None, wanted[begin:stop]))
    return Edit(inserts, deletes)


def _is_modelled(blocks: Sequence[Json]) -> bool:
    """Whether its Markdown, read as blocks, makes the same page."""
    try:
        if not all(_is_plain(block) for block in blocks):
            return False
        again = to_blocks(to_markdown(blocks))
    except RecordRefused:
        return False
    return [_key(block) for block in again] == [_key(block) for block in blocks if not _is_blank(block)]


def projected(body: str) -> str:
    """The Markdown that comes back of what was written; as it is where it would be refused."""
    try:
        return to_markdown([_read_back(block) for block in to_blocks(body)])
    except RecordRefused:
        return body


def _read_back(block: Json) -> Json:
    """A block that is sent, as it is when it is read."""
    held = block[block["type"]]
    runs = [
        {
            "type": "text",
            "plain_text": run["text"]["content"],
            "href": (run["text"].get("link") or {}).get("url"),
            "annotations": run.get("annotations", {}),
            "text": run["text"],
        }
        for run in held.get("rich_text", ())
    ]
    children = [_read_back(child) for child in held.get("children", ())]
    return {"type": block["type"], block["type"]: {**held, "rich_text": runs}, "children": children}


def _is_blank(block: Json) -> bool:
    """An empty line, which Markdown has no word for; it stays where it is."""
    return block.get("type") == "paragraph" and not block["paragraph"].get("rich_text") and not block.get("children")


def _is_plain(block: Json) -> bool:
    kind = block.get("type", "")
    held = block.get(kind) or {}
    return (
        kind in _MODELLED
        and held.keys() <= _HELD
        and held.get("color", "default") == "default"
        and not held.get("is_toggleable")
        and not held.get("caption")
        and all(_is_plain_run(run) for run in held.get("rich_text", ()))
        and all(_is_plain(child) for child in block.get("children", ()))
    )


def _is_plain_run(run: Json) -> bool:
    marks = run.get("annotations") or {}
    return run.get("type") == "text" and not marks.get("underline") and marks.get("color", "default") == "default"


def _key(block: Json) -> str:
    """Equal for blocks that say the same, whether they are sent or were read."""
    return msgspec.json.encode(_said(block), order="deterministic").decode()


def _said(block: Json) -> list[Any]:
    kind = block["type"]
    held = block.get(kind) or {}
    children = block.get("children") or held.get("children") or ()
    more = [bool(held.get("checked")) if kind == "to_do" else None, held.get("language") if kind == "code" else None]
    return [kind, _runs(held.get("rich_text", ())), *more, [_said(child) for child in children if not _is_blank(child)]]


def _runs(runs: Sequence[Json]) -> list[Any]:
    found: list[list[Any]] = []
    for run in runs:
        text = run.get("plain_text") if "plain_text" in run else run["text"]["content"]
        link = run["text"].get("link") or {}
        form = [[mark for mark in _MARKS if (run.get("annotations") or {}).get(mark)], link.get("url")]
        if found and found[-1][1:] == form:
            found[-1][0] += text
        elif text:
            found.append([text, *form])
    return found
