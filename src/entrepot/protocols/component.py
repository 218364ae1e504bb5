"""The tree that content lines make: BEGIN and END around lines and inner components, in the order they came."""

from collections.abc import Iterable, Iterator

from entrepot.core.errors import RecordRefused
from entrepot.protocols.content_line import Line, folded, lines

DEPTH = 16
"""Deeper nesting is an attack or a broken file; the standards need three levels."""


class Component:
    """`content` is in order and may be changed; `name` is in capitals."""

    __slots__ = ("content", "name")

    def __init__(self, name: str, content: Iterable["Line | Component"] = ()) -> None:
        self.name = name
        self.content: list[Line | Component] = list(content)

    def lines(self) -> Iterator[Line]:
        return (part for part in self.content if isinstance(part, Line))

    def children(self, *names: str) -> Iterator["Component"]:
        for part in self.content:
            if isinstance(part, Component) and (not names or part.name in names):
                yield part

    def line(self, name: str) -> Line | None:
        for part in self.content:
            if part.name == name and isinstance(part, Line):
                return part
        return None

    def value(self, name: str) -> str:
        line = self.line(name)
        return line.value if line else ""

    def replace(self, names: Iterable[str], new: Iterable[Line]) -> None:
        """Put the new lines where the first of the old stood, or after the last line if there was none."""
        gone = frozenset(names)
        rest: list[Line | Component] = []
        place: int | None = None
        for part in self.content:
            if isinstance(part, Line) and part.name in gone:
                place = len(rest) if place is None else place
            else:
                rest.append(part)
        if place is None:
            place = 1 + max((at for at, part in enumerate(rest) if isinstance(part, Line)), default=-1)
        self.content = [*rest[:place], *new, *rest[place:]]

    def written(self) -> str:
        return "".join(self._pieces())

    def _pieces(self) -> Iterator[str]:
        yield f"BEGIN:{self.name}\r\n"
        for part in self.content:
            if isinstance(part, Line):
                yield folded(part.written())
            else:
                yield from part._pieces()  # noqa: SLF001 - the same class
        yield f"END:{self.name}\r\n"


def components(data: bytes) -> list[Component]:
    """The outermost components. Raises RecordRefused where the text is cut off or wrongly nested."""
    root = Component("")
    open_ones = [root]
    for line in lines(data):
        if line.name == "BEGIN":
            _begin(open_ones, line)
        elif line.name == "END":
            _end(open_ones, line)
        else:
            open_ones[-1].content.append(line)
    if len(open_ones) > 1:
        raise RecordRefused(f"The record is cut off: its {open_ones[-1].name} has no end.")
    return list(root.children())


def _begin(open_ones: list[Component], line: Line) -> None:
    if len(open_ones) > DEPTH:
        raise RecordRefused("The record is nested too deeply.")
    inner = Component(line.value.strip().upper())
    open_ones[-1].content.append(inner)
    open_ones.append(inner)


def _end(open_ones: list[Component], line: Line) -> None:
    name = line.value.strip().upper()
    if len(open_ones) == 1 or open_ones[-1].name != name:
        raise RecordRefused(f"The record is broken: END:{name[:40]} closes nothing that is open.")
    open_ones.pop()
