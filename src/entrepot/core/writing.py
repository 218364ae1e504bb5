"""What people write and keep: notes, documents, files, pictures, citations."""

from typing import Annotated, Any, ClassVar, Literal

import msgspec

from entrepot.core.kind import Kind, Part
from entrepot.core.planner import Instant


class Embedded(Part, frozen=True, kw_only=True):
    """A file inside a note or document; `sha256` finds its bytes in the hub."""

    sha256: str
    size: int
    name: str = ""
    media_type: str = "application/octet-stream"


class Note(Kind, frozen=True, kw_only=True):
    """`body` is Markdown; `files` are what it embeds, referred to in it as `attachment:<sha256>`."""

    kind: ClassVar[str] = "note"
    standard: ClassVar[str] = "Markdown (CommonMark)"

    title: str = ""
    body: str = ""
    notebook: str | None = None
    tags: list[str] = []
    author: str | None = None
    source_url: str | None = None
    latitude: float | None = None
    longitude: float | None = None
    reminder: Instant | None = None
    files: list[Embedded] = []
    is_archived: bool = False
    created: Instant | None = None
    updated: Instant | None = None


class Document(Kind, frozen=True, kw_only=True):
    """A page of a writing service: Markdown body, and its place in the tree of pages."""

    kind: ClassVar[str] = "document"
    standard: ClassVar[str] = "Markdown (CommonMark)"

    title: str = ""
    body: str = ""
    parent: str | None = None
    url: str | None = None
    icon: str | None = None
    properties: dict[str, Any] = {}
    """Columns of the database the page stands in, under their own names."""
    author: str | None = None
    tags: list[str] = []
    files: list[Embedded] = []
    is_archived: bool = False
    created: Instant | None = None
    updated: Instant | None = None


class File(Kind, frozen=True, kw_only=True):
    kind: ClassVar[str] = "file"
    standard: ClassVar[str] = "path, media type (RFC 6838), size in bytes"

    path: str
    size: int
    media_type: str | None = None
    sha256: str | None = None
    etag: str | None = None
    storage_class: str | None = None
    modified: Instant | None = None


class Media(Kind, frozen=True, kw_only=True):
    """A photo or video; property names of EXIF and XMP."""

    kind: ClassVar[str] = "media"
    standard: ClassVar[str] = "EXIF 3.0, XMP"

    type: Literal["photo", "video"] = "photo"
    file_name: str = ""
    media_type: str | None = None
    sha256: str | None = None
    size: int | None = None
    width: int | None = None
    height: int | None = None
    date_time_original: Instant | None = None
    offset_time_original: str | None = None
    """UTC offset at the place (`+02:00`), where it is known."""
    latitude: float | None = None
    longitude: float | None = None
    altitude: float | None = None
    title: str | None = None
    description: str | None = None
    albums: list[str] = []
    people: list[str] = []
    keywords: list[str] = []
    rating: int | None = None
    is_favorite: bool = False
    is_archived: bool = False
    is_trashed: bool = False
    edited: list[Embedded] = []
    """Edited versions that share this picture's metadata."""
    url: str | None = None
    created: Instant | None = None


class PersonName(Part, frozen=True, kw_only=True):
    family: str | None = None
    given: str | None = None
    literal: str | None = None


class Citation(Kind, frozen=True, kw_only=True):
    """CSL-JSON 1.0.2; `extra` carries its variables that have no field here."""

    kind: ClassVar[str] = "citation"
    standard: ClassVar[str] = "CSL-JSON 1.0.2"

    type: str = "article"
    title: str = ""
    author: list[PersonName] = []
    editor: list[PersonName] = []
    issued: Annotated[str, msgspec.Meta(pattern=r"^\d{4}(-\d{2}(-\d{2})?)?$")] | None = None
    container_title: str | None = None
    publisher: str | None = None
    volume: str | None = None
    issue: str | None = None
    page: str | None = None
    doi: str | None = None
    isbn: str | None = None
    issn: str | None = None
    url: str | None = None
    abstract: str | None = None
    keyword: list[str] = []
    language: str | None = None
    citation_key: str | None = None
