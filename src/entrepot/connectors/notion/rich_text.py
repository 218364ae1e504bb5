"""Notion's rich text as Markdown, and as plain text (https://developers.notion.com/reference/rich-text)."""

import re
from collections.abc import Sequence
from typing import Any

Json = dict[str, Any]

_SPECIAL = re.compile(r"([\\`*_\[\]<>~])")
_MARKS = (("bold", "**"), ("italic", "*"), ("strikethrough", "~~"))
_SPACES = re.compile(r"(\s*)(.*?)(\s*)", re.DOTALL)


def plain(runs: Sequence[Json] | None) -> str:
    return "".join(run.get("plain_text") or "" for run in runs or ())


def inline(runs: Sequence[Json] | None) -> str:
    """Bold, italic, struck, code, links, equations; a line break inside stays one."""
    return "".join(_run(run) for run in runs or ())


def _run(run: Json) -> str:
    text = run.get("plain_text") or ""
    if run.get("type") == "equation":
        return f"${run['equation']['expression']}$"
    annotations = run.get("annotations") or {}
    # Marks must touch the word they mark, so the spaces around it go outside.
    before, inner, after = _split(text)
    if not inner:
        return text
    if annotations.get("code"):
        fence = "``" if "`" in inner else "`"
        marked = f"{fence}{inner}{fence}"
    else:
        marked = _SPECIAL.sub(r"\\\1", inner)
    for name, mark in _MARKS:
        if annotations.get(name):
            marked = f"{mark}{marked}{mark}"
    if run.get("href"):
        marked = f"[{marked}](<{run['href']}>)" if " " in run["href"] else f"[{marked}]({run['href']})"
    return f"{before}{marked}{after}".replace("\n", "  \n")


def _split(text: str) -> tuple[str, str, str]:
    found = _SPACES.fullmatch(text)
    assert found is not None
    return found[1], found[2], found[3]
