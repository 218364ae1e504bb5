"""Lenses for text: trimmed, HTML entities, and the marked-up text that only reads."""

from collections.abc import Callable
from html import escape, unescape

from entrepot.core.lens import Lens, LensError, exact, reading, shown


def as_text(value: object) -> str:
    if isinstance(value, str):
        return value
    raise LensError(f"expected text, found {shown(value)}")


def _read_any(native: object) -> str:
    if isinstance(native, bool):
        return "true" if native else "false"
    if isinstance(native, (str, int, float)):
        return str(native)
    raise LensError(f"expected text, found {shown(native)}")


def markdown_with(convert: Callable[[str], str]) -> Lens:
    """HTML to Markdown. What HTML can say and Markdown cannot is gone, so there is no way back."""
    return reading("markdown", lambda native: convert(as_text(native)), "HTML loses its own form in Markdown")


TEXT = Lens("text", as_text, as_text)
ANY_TEXT = reading("any text", _read_any, "the service may have sent a number")
STRIP = exact(Lens("trimmed", lambda native: as_text(native).strip(), as_text))
UNESCAPE = Lens(
    "unescaped", lambda native: unescape(as_text(native)), lambda value: escape(as_text(value), quote=False)
)
