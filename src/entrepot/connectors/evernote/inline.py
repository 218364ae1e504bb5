"""The text of a line of a note as Markdown: emphasis, links, pictures, check boxes; everything else escaped."""

import re
from collections.abc import Callable, Mapping
from typing import Any

from lxml import etree

from .enml import style_of
from .media import Media

OPEN_BOX, CHECKED_BOX = "\x01", "\x02"
"""Stand for check boxes until it is known what they stand in; XML allows neither in a text."""
BREAK = "\n"
BLOCKS = frozenset(
    {
        "div", "p", "ul", "ol", "li", "table", "blockquote", "pre", "hr", "h1", "h2", "h3", "h4", "h5", "h6", "center",
        "dl", "dt", "dd", "section", "article", "tbody", "thead", "tr", "td", "th", "address", "fieldset", "header",
        "footer", "nav", "main", "figure", "figcaption",
    }
)  # fmt: skip
DEEPEST = 100
_SPACES = re.compile("[ \t\r\n\u00a0]+")
_SPECIAL = re.compile(r"[\\`*\[\]<]|~(?=~)|(?<![A-Za-z0-9])_|_(?![A-Za-z0-9])|&(?=#?\w+;)")
_PLAIN_URL = re.compile(r"(?:https?|mailto|ftp|tel|evernote):[^\s<>]+").fullmatch
_MARKS = {"b": "**", "strong": "**", "i": "*", "em": "*", "cite": "*", "s": "~~", "strike": "~~", "del": "~~"}
_HTML = {"u": "u", "ins": "u", "sub": "sub", "sup": "sup", "mark": "mark"}
_SKIPPED = frozenset({"script", "style", "title", "head"})


def escape(text: str) -> str:
    return _SPECIAL.sub(r"\\\g<0>", text)


def has_blocks(element: Any) -> bool:
    return len(element) > 0 and any(child.tag in BLOCKS for child in element.iter() if child is not element)


def inline_of(element: Any, media: Media, depth: int = 0) -> str:
    """What is inside the element, as one text in which BREAK is a line break."""
    if depth > DEEPEST:
        return escape(_SPACES.sub(" ", "".join(element.itertext())))
    pieces = [text_of(element.text)]
    for child in element:
        pieces.extend((piece_of(child, media, depth + 1), text_of(child.tail)))
    return "".join(pieces)


def piece_of(element: Any, media: Media, depth: int = 0) -> str:
    """The element itself, not what follows it."""
    tag = element.tag
    if not isinstance(tag, str) or tag in _SKIPPED:
        return ""
    special = _SPECIAL_TAGS.get(tag)
    if special is not None:
        return special(element, media, depth)
    inner = inline_of(element, media, depth)
    if tag in _MARKS:
        return _wrapped(inner, _MARKS[tag], _MARKS[tag])
    if tag in _HTML:
        return _wrapped(inner, f"<{_HTML[tag]}>", f"</{_HTML[tag]}>")
    return _styled(inner, style_of(element)) if tag in {"span", "font"} else inner


def text_of(text: str | None) -> str:
    return escape(_SPACES.sub(" ", text)) if text else ""


def _wrapped(inner: str, before: str, after: str) -> str:
    """Marks must touch the words they mark; blanks, breaks and boxes at the edges stay outside."""
    if BREAK in inner:
        return BREAK.join(_wrapped(line, before, after) for line in inner.split(BREAK))
    core = inner.strip(f" {OPEN_BOX}{CHECKED_BOX}")
    if not core:
        return inner
    start = inner.index(core)
    return f"{inner[:start]}{before}{core}{after}{inner[start + len(core) :]}"


def _styled(inner: str, style: Mapping[str, str]) -> str:
    if not style:
        return inner
    if style.get("font-weight", "") in {"bold", "bolder", "600", "700", "800", "900"}:
        inner = _wrapped(inner, "**", "**")
    if style.get("font-style") in {"italic", "oblique"}:
        inner = _wrapped(inner, "*", "*")
    if "line-through" in style.get("text-decoration", "") + style.get("text-decoration-line", ""):
        inner = _wrapped(inner, "~~", "~~")
    if style.get("-evernote-highlight") == "true" or style.get("--en-highlight"):
        inner = _wrapped(inner, "<mark>", "</mark>")
    return inner


def _link(element: Any, media: Media, depth: int) -> str:
    inner = inline_of(element, media, depth)
    address = (element.get("href") or "").strip()
    if not address:
        return inner
    words = "".join(element.itertext()).strip()
    if _PLAIN_URL(address) and words in {"", address} and not len(element):
        return f"<{address}>"
    target = f"<{address.replace('<', '%3C').replace('>', '%3E')}>" if re.search(r"[\s()<>]", address) else address
    label = inner.replace(BREAK, " ").strip()
    return f"[{label or escape(address)}]({target})"


def _media(element: Any, media: Media, _depth: int) -> str:
    return media.reference(element.get("hash", "").lower(), element.get("alt") or element.get("title") or "")


def _image(element: Any, media: Media, _depth: int) -> str:
    source = (element.get("src") or "").strip()
    name = element.get("alt") or element.get("title") or ""
    if source.startswith("data:"):
        return media.embed(source, name)
    return f"![{escape(name)}](<{source}>)" if source else ""


def _box(element: Any, _media: Media, _depth: int) -> str:
    return CHECKED_BOX if element.get("checked") == "true" else OPEN_BOX


def _code(element: Any, _media: Media, _depth: int) -> str:
    text = "".join(element.itertext()).replace("\n", " ")
    fence = "``" if "`" in text else "`"
    pad = " " if "`" in text else ""
    return f"{fence}{pad}{text}{pad}{fence}" if text.strip() else text


def _crypt(element: Any, _media: Media, _depth: int) -> str:
    """What is encrypted stays so, whole: only its owner's passphrase opens it."""
    return etree.tostring(element, encoding="unicode", with_tail=False).replace("\n", "")


_SPECIAL_TAGS: Mapping[str, Callable[[Any, Media, int], str]] = {
    "br": lambda _element, _media, _depth: BREAK,
    "a": _link,
    "img": _image,
    "en-media": _media,
    "en-todo": _box,
    "en-crypt": _crypt,
    "code": _code,
}
