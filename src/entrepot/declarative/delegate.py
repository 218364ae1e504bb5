"""A reader that is all manifest, and beside it a class in the connector's folder that writes."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from entrepot.core.change import Change
from entrepot.core.errors import EntrepotError
from entrepot.core.mapping import Mapping as Lines
from entrepot.declarative.reader import Declared, DeclaredReader
from entrepot.sdk.context import Context
from entrepot.sdk.writer import Batching, Finding, Write, Writer, Writing

MakeWriter = Callable[[Context, Mapping[str, Lines], DeclaredReader], Writer]
"""What `writer` of a manifest names. The lines are those of each stream; the reader reads as the hub does."""


def delegating(declared: Declared, context: Context, lines: Mapping[str, Lines], make: MakeWriter) -> "Delegating":
    """With the capabilities that the writer has, and no others."""
    writer = make(context, lines, DeclaredReader(declared, context))
    return _CLASSES[isinstance(writer, Finding), isinstance(writer, Batching)](declared, context, writer)


class Delegating(DeclaredReader):
    """Reads by the manifest, and writes by what it was given."""

    def __init__(self, declared: Declared, context: Context, writer: Any) -> None:
        super().__init__(declared, context)
        self._writer = writer

    def writing(self, stream: str) -> Writing | None:
        return self._writer.writing(stream)

    async def write(self, write: Write) -> Change:
        return await self._writer.write(write)


class _Finds(Delegating):
    async def find(self, write: Write) -> Change | None:
        return await self._writer.find(write)


class _Batches(Delegating):
    @property
    def most(self) -> int:
        return self._writer.most

    async def write_all(self, writes: Sequence[Write]) -> Sequence[Change | EntrepotError]:
        return await self._writer.write_all(writes)


class _FindsAndBatches(_Finds, _Batches):
    pass


_CLASSES: Mapping[tuple[bool, bool], type[Delegating]] = {
    (False, False): Delegating,
    (True, False): _Finds,
    (False, True): _Batches,
    (True, True): _FindsAndBatches,
}
"""By what the writer can: find, write many at once."""
