"""ENEX files as a stream of notes: one note in memory at a time, however many gigabytes the file has.

https://evernote.com/blog/how-evernotes-xml-export-format-works. The parser never loads the DTD the file names, and
refuses one that declares entities.
"""

from collections.abc import Iterator
from html.entities import html5
from typing import NamedTuple
from xml.parsers import expat

import msgspec

from entrepot.core.errors import PersonMustFix

from .resource import Decoder, Resource
from .spool import Spool

DEEPEST = 64
LONGEST_TEXT = 128 << 20
_BUFFER = 1 << 18
_NOT_KEPT = frozenset({"recognition", "alternate-data"})


class RawNote(msgspec.Struct):
    """`fields` are the texts of the note's elements by name; `broken` tells of attachments that could not be read."""

    line: int
    fields: dict[str, str] = msgspec.field(default_factory=dict[str, str])
    tags: list[str] = []
    resources: list[Resource] = []
    tasks: list[dict[str, str]] = []
    broken: list[str] = []


class Torn(NamedTuple):
    """Where the XML broke, counted in lines of the piece that was parsed, and how many bytes of it were good."""

    line: int
    reason: str
    good: int


class NoteParser:
    """Feed it bytes of UTF-8, take the notes that are complete."""

    def __init__(self, spool: Spool, name: str) -> None:
        self._spool = spool
        self._name = name
        self._open: list[str] = []
        self._text: list[str] = []
        self._length = 0
        self._note: RawNote | None = None
        self._task: dict[str, str] | None = None
        self._decoder: Decoder | None = None
        self._ready: list[RawNote] = []
        self._fed = 0
        self._parser = self._prepared()

    def feed(self, data: bytes, *, is_last: bool = False) -> Torn | None:
        try:
            self._parser.Parse(data, is_last)
        except expat.ExpatError as error:
            good = max(self._parser.ErrorByteIndex - self._fed, 0)
            return Torn(error.lineno, expat.ErrorString(error.code), good)
        self._fed += len(data)
        return None

    def take(self) -> Iterator[RawNote]:
        ready, self._ready = self._ready, []
        return iter(ready)

    @property
    def unfinished(self) -> RawNote | None:
        return self._note

    def _prepared(self) -> expat.XMLParserType:
        parser = expat.ParserCreate(encoding="utf-8")
        parser.buffer_text = True
        parser.buffer_size = _BUFFER
        parser.SetParamEntityParsing(expat.XML_PARAM_ENTITY_PARSING_NEVER)
        parser.StartElementHandler = self._begin
        parser.EndElementHandler = self._end
        parser.CharacterDataHandler = self._read
        parser.EntityDeclHandler = self._refuse
        parser.SkippedEntityHandler = self._skip
        return parser

    def _begin(self, tag: str, _attributes: dict[str, str]) -> None:
        self._open.append(tag)
        if len(self._open) > DEEPEST:
            raise PersonMustFix(f"{self._name} is nested deeper than any notebook; it was not read.")
        self._text, self._length = [], 0
        if tag == "note":
            self._note = RawNote(line=self._parser.CurrentLineNumber)
        elif self._note is None:
            return
        elif tag == "resource":
            self._note.resources.append(Resource())
        elif tag == "task":
            self._task = {}
            self._note.tasks.append(self._task)
        elif tag == "data" and self._open[-2] == "resource":
            self._decoder = Decoder(self._spool)

    def _read(self, text: str) -> None:
        if self._decoder is not None:
            self._decoder.write(text)
        elif self._note is not None and not _NOT_KEPT.intersection(self._open):
            self._text.append(text)
            self._length += len(text)
            if self._length > LONGEST_TEXT:
                raise PersonMustFix(f"{self._name} holds a text of more than {LONGEST_TEXT:,} characters.")

    def _end(self, tag: str) -> None:
        self._open.pop()
        note = self._note
        if note is None:
            return
        if tag == "note":
            self._ready.append(note)
            self._note = None
        elif self._decoder is not None:
            self._finish_file(note)
        elif tag == "task":
            self._task = None
        elif self._text:
            self._keep(note, tag, "".join(self._text).strip())
        self._text, self._length = [], 0

    def _keep(self, note: RawNote, tag: str, text: str) -> None:
        if self._task is not None:
            self._task[f"reminder.{tag}" if "reminder" in self._open else tag] = text
        elif "resource" in self._open:
            note.resources[-1].fields[tag] = text
        elif tag == "tag":
            note.tags.append(text)
        else:
            note.fields[tag] = text

    def _finish_file(self, note: RawNote) -> None:
        decoder, self._decoder = self._decoder, None
        assert decoder is not None
        try:
            note.resources[-1].decoded = decoder.finish()
        except ValueError as why:
            note.broken.append(str(why))

    def _skip(self, entity: str, is_parameter: bool) -> None:
        if not is_parameter:
            self._read(html5.get(f"{entity};", f"&{entity};"))

    def _refuse(self, *_: object) -> None:
        raise PersonMustFix(f"{self._name} declares XML entities, which no Evernote export does; it was not read.")
