"""XML of any length, element by element, in constant memory (what is safe about it: archive_prolog)."""

import io
from collections.abc import Callable, Iterator
from typing import Any, BinaryIO, cast

from lxml import etree

from entrepot.core.errors import PersonMustFix
from entrepot.protocols.archive_entry import Damaged
from entrepot.protocols.archive_prolog import first_element, safe_prolog
from entrepot.protocols.archive_text import open_utf8
from entrepot.sdk.archive import Entry

Element = etree._Element  # noqa: SLF001 - the only name lxml has for it  # pyright: ignore[reportPrivateUsage] - the same
Filter = Callable[[BinaryIO], BinaryIO]

LARGEST_ELEMENT = 512 << 20
MOST_NODES = 2_000_000
_FEW = 4 << 20
"""Bytes that are held before elements are counted: each takes a hundred bytes or more, however short it is."""
_CHUNK = 1 << 17
_HEAD = 1 << 14
_CONTROLS = bytes(byte for byte in range(32) if byte not in b"\t\n\r")
_NO_CONTROLS = bytes.maketrans(_CONTROLS, b" " * len(_CONTROLS))


def elements(entry: Entry, *tags: str, through: Filter | None = None) -> Iterator[Element]:
    """Each element with one of the tags (`Record`, `{uri}Ntry`, `{*}Ntry`), complete, in the order they end.

    An element is valid until the next one is asked for. Its ancestors are there with their attributes, but what
    came before it is freed: name every tag whose content is needed. A DOCTYPE is passed over unread (those of
    Apple Health are broken); one that declares entities is refused. `through` mends the bytes first.
    Raises Damaged for what is not XML, after the elements that came before.
    """
    with open_utf8(entry) as stream:
        mended = through(stream) if through else stream
        start = safe_prolog(mended, entry.name)
        parser = _Parser(entry.name, tags, first_element(start) or "")
        yield from parser.feed(start)
        while chunk := mended.read(_CHUNK):
            yield from parser.feed(chunk)
        yield from parser.close()


def root_of(entry: Entry) -> str | None:
    """The local name of the first element, from the head alone, for recognising."""
    try:
        with io.BytesIO(entry.head(_HEAD)) as head:
            return first_element(safe_prolog(head, entry.name))
    except PersonMustFix:
        return None


def without_controls(stream: BinaryIO) -> BinaryIO:
    """A filter for `elements`: control characters, which XML forbids and services write, become blanks."""
    return cast("BinaryIO", io.BufferedReader(_WithoutControls(stream), _CHUNK))


class _WithoutControls(io.RawIOBase):
    def __init__(self, inner: BinaryIO) -> None:
        self._inner = inner

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any, /) -> int:
        view = memoryview(buffer)
        data = self._inner.read(len(view)).translate(_NO_CONTROLS)
        view[: len(data)] = data
        return len(data)


class _Parser:
    """lxml's push parser, emptied after each chunk: what is complete goes, whether it was asked for or not."""

    def __init__(self, name: str, tags: tuple[str, ...], root: str) -> None:
        self._name = name
        self._tags = frozenset(tags)
        self._parser = etree.XMLPullParser(
            events=("start", "end"),
            tag=(*tags, f"{{*}}{root}"),
            resolve_entities=False,
            no_network=True,
            load_dtd=False,
            huge_tree=True,  # attachments are longer than the 10 MB libxml2 allows; LARGEST_ELEMENT stands in
            remove_comments=True,
            remove_pis=True,
        )
        self._root: Element | None = None
        self._open: list[Element] = []
        self._held = 0
        self._counted = _FEW

    def feed(self, chunk: bytes) -> Iterator[Element]:
        yield from self._ended_after(lambda: self._parser.feed(chunk))
        self._held += len(chunk)
        self._free()

    def close(self) -> Iterator[Element]:
        yield from self._ended_after(self._parser.close)

    def _ended_after(self, step: Callable[[], object]) -> Iterator[Element]:
        """What came before a mistake in the file is still given."""
        broken: etree.XMLSyntaxError | None = None
        try:
            step()
        except etree.XMLSyntaxError as error:
            broken = error
        for event, found in self._parser.read_events():
            element = cast("Element", found)  # start and end come with nothing else
            if event == "start":
                self._begin(element)
            elif self._open and element is self._open[-1]:
                self._open.pop()
                yield element
                self._held = 0
        if broken:
            message = f"{self._name} is not well-formed XML: {broken.msg}."
            raise Damaged(message, detail=repr(broken)) from broken

    def _begin(self, element: Element) -> None:
        if self._root is None:
            self._root = element
            if element.getroottree().docinfo.doctype:  # pyright: ignore[reportAttributeAccessIssue] - the stub lacks it
                raise PersonMustFix(f"{self._name} hides a DTD in an unusual encoding; it was not read.")
        if element.tag in self._tags or f"{{*}}{etree.QName(element).localname}" in self._tags:
            self._open.append(element)

    def _free(self) -> None:
        """Deletes complete siblings down the path to where the parser stands, but nothing inside an open element."""
        node = self._root
        while node is not None and not (self._open and node is self._open[0]):
            if len(node) > 1:
                del node[:-1]
                self._held = 0
            node = node[-1] if len(node) else None
        if self._held > self._counted * 2:
            self._counted = self._held
            if self._root is not None and sum(1 for _ in self._root.iter()) > MOST_NODES:
                raise PersonMustFix(f"{self._name} holds an element with more than {MOST_NODES:,} others in it.")
        if self._held > LARGEST_ELEMENT:
            raise PersonMustFix(f"{self._name} holds an element of more than {LARGEST_ELEMENT:,} bytes.")
