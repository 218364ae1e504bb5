"""ENML, the XHTML of Evernote, as a tree: entities known without the DTD, broken markup mended, nothing fetched."""

import re
from html.entities import html5
from typing import Any

from lxml import etree

_ENTITY = re.compile(r"&([A-Za-z][A-Za-z0-9]*);")
_EMPTY = re.compile(r"<([A-Za-z][\w-]*)((?:\s[^<>]*)?)/>")
_VOID = frozenset({"area", "br", "col", "hr", "img"})
_OF_XML = frozenset({"amp", "lt", "gt", "quot", "apos"})
_FORBIDDEN = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ufffe\uffff]")
_REFERENCE = re.compile(r"&#(?:[xX]0*(?:[0-8bBcCeEfF]|1[0-9a-fA-F])|0*(?:[0-8]|1[124-9]|2[0-9]|3[01]));")


def read_enml(content: str) -> Any | None:
    """The `en-note` element; None where there is none. What stands before it, a DOCTYPE too, is cut off unread.

    Web clips are not always well-formed. Those go through the HTML parser, which loses no text over a stray tag.
    """
    start = content.find("<en-note")
    if start < 0:
        return None
    body = _REFERENCE.sub("", _FORBIDDEN.sub("", content[start:]))
    body = _ENTITY.sub(_character, body[: body.rfind(">") + 1])
    options: dict[str, Any] = {"no_network": True, "huge_tree": True, "remove_comments": True, "encoding": "utf-8"}
    try:
        return etree.fromstring(body.encode("utf-8", "replace"), etree.XMLParser(resolve_entities=False, **options))
    except etree.XMLSyntaxError:
        mended = _EMPTY.sub(_closed, body)
        found = etree.fromstring(mended.encode("utf-8", "replace"), etree.HTMLParser(**options))
        return None if found is None else found.find(".//en-note")


def _closed(found: re.Match[str]) -> str:
    """HTML knows no `<en-todo/>`: what follows would end up inside."""
    return found[0] if found[1] in _VOID else f"<{found[1]}{found[2]}></{found[1]}>"


def _character(found: re.Match[str]) -> str:
    name = found[1]
    return found[0] if name in _OF_XML else html5.get(f"{name};", f"&amp;{name};")


def style_of(element: Any) -> dict[str, str]:
    """CSS of a `style` attribute, names in lower case."""
    text = element.get("style")
    if not text:
        return {}
    pairs = (part.split(":", 1) for part in text.split(";") if ":" in part)
    return {name.strip().lower(): value.strip() for name, value in pairs}
