"""Markdown as Notion's blocks: the way back of `markdown` and `rich_text` (https://developers.notion.com/reference/block).

What neither has in common is refused, for it would come back as something else.
"""

from collections.abc import Iterator, Sequence
from functools import cache
from typing import Any

from markdown_it import MarkdownIt
from markdown_it.tree import SyntaxTreeNode

from entrepot.core.errors import RecordRefused

Json = dict[str, Any]

_LONGEST = 2000
"""Characters in one run of text (https://developers.notion.com/reference/request-limits)."""
_DEEPEST = 2
"""How far blocks stand inside blocks in one request (https://developers.notion.com/reference/patch-block-children)."""
_NAMES = (
    "bash basic c clojure coffeescript css dart diff docker elixir elm erlang fortran go graphql groovy haskell html"
    " java javascript json julia kotlin latex less lisp lua makefile markdown matlab mermaid nix ocaml pascal perl php"
    " powershell prolog protobuf python r reason ruby rust sass scala scheme scss shell sql swift typescript verilog"
    " vhdl webassembly xml yaml c++ c# f# objective-c"
)
_LANGUAGES = frozenset(_NAMES.split())
"""Of code: those whose names are one word."""
_MARKS = {"strong": "bold", "em": "italic", "s": "strikethrough"}
_BOXES = {"[ ] ": False, "[x] ": True, "[X] ": True}


def to_blocks(text: str) -> list[Json]:
    """Blocks as they are sent, those inside others under `children`; RecordRefused names what has no block."""
    return [block for node in SyntaxTreeNode(_parser().parse(text)).children for block in _blocks(node, 1)]


def to_runs(text: str) -> list[Json]:
    """One line or several of Markdown as rich text."""
    nodes = SyntaxTreeNode(_parser().parseInline(text)).children
    return _merged([run for node in nodes for run in _inline(node.children, {}, None)])


def plain_runs(text: str) -> list[Json]:
    return _merged([_run(text, {}, None)]) if text else []


@cache
def _parser() -> MarkdownIt:
    return MarkdownIt("commonmark", {"html": False}).enable(["strikethrough", "table"]).disable("html_inline")


def _blocks(node: SyntaxTreeNode, depth: int) -> Iterator[Json]:
    match node.type:
        case "paragraph":
            yield _block("paragraph", rich_text=_text(node))
        case "heading":
            yield _block(f"heading_{min(int(node.tag[1]), 3)}", rich_text=_text(node))
        case "bullet_list" | "ordered_list":
            for item in node.children:
                yield _item("bulleted_list_item" if node.type == "bullet_list" else "numbered_list_item", item, depth)
        case "blockquote":
            yield _with_text("quote", node.children, depth)
        case "fence" | "code_block":
            language = node.info.strip().split(" ")[0].lower() if node.type == "fence" else ""
            known = language if language in _LANGUAGES else "plain text"
            yield _block("code", rich_text=plain_runs(node.content.removesuffix("\n")), language=known)
        case "hr":
            yield _block("divider")
        case other:
            raise RecordRefused(f"Its text has a {other}, which is not written to Notion.")


def _item(kind: str, item: SyntaxTreeNode, depth: int) -> Json:
    block = _with_text(kind, item.children, depth)
    runs = block[kind]["rich_text"]
    first = runs[0]["text"]["content"] if runs else ""
    if kind != "bulleted_list_item" or first[:4] not in _BOXES or "annotations" in runs[0]:
        return block
    rest = [{**runs[0], "text": {**runs[0]["text"], "content": first[4:]}}, *runs[1:]]
    held = {**block[kind], "rich_text": [run for run in rest if run["text"]["content"]], "checked": _BOXES[first[:4]]}
    return {"type": "to_do", "to_do": held}


def _with_text(kind: str, nodes: Sequence[SyntaxTreeNode], depth: int) -> Json:
    """Its own text is the first paragraph; what follows stands inside of it."""
    has_text = bool(nodes) and nodes[0].type == "paragraph"
    below = nodes[1:] if has_text else nodes
    children = [block for node in below for block in _blocks(node, depth + 1)]
    if children and depth > _DEEPEST:
        raise RecordRefused("Its text has lists more than three deep, which Notion does not take at once.")
    return _block(kind, rich_text=_text(nodes[0]) if has_text else [], **({"children": children} if children else {}))


def _block(kind: str, **held: Any) -> Json:
    return {"type": kind, kind: held}


def _text(node: SyntaxTreeNode) -> list[Json]:
    return _merged([run for inline in node.children for run in _inline(inline.children, {}, None)])


def _inline(nodes: Sequence[SyntaxTreeNode], marks: Json, href: str | None) -> Iterator[Json]:
    for node in nodes:
        match node.type:
            case "text":
                yield _run(node.content, marks, href)
            case "softbreak" | "hardbreak":
                yield _run("\n", marks, href)
            case "code_inline":
                yield _run(node.content, {**marks, "code": True}, href)
            case "link":
                yield from _inline(node.children, marks, str(node.attrs["href"]))
            case "strong" | "em" | "s":
                yield from _inline(node.children, {**marks, _MARKS[node.type]: True}, href)
            case other:
                raise RecordRefused(f"Its text has an {other}, which is not written to Notion.")


def _run(text: str, marks: Json, href: str | None) -> Json:
    link = {"link": {"url": href}} if href else {}
    return {"type": "text", "text": {"content": text, **link}, **({"annotations": marks} if marks else {})}


def _merged(runs: Sequence[Json]) -> list[Json]:
    """Neighbours of one form become one run, cut where Notion takes no more."""
    found: list[Json] = []
    for run in runs:
        last = found[-1] if found else None
        if last is not None and _form(last) == _form(run):
            found[-1] = _run(last["text"]["content"] + run["text"]["content"], *_form(run))
        elif run["text"]["content"]:
            found.append(run)
    return [_run(piece, *_form(run)) for run in found for piece in _pieces(run["text"]["content"])]


def _form(run: Json) -> tuple[Json, str | None]:
    return run.get("annotations", {}), (run["text"].get("link") or {}).get("url")


def _pieces(text: str) -> Iterator[str]:
    for begin in range(0, len(text), _LONGEST):
        yield text[begin : begin + _LONGEST]
