"""A file of an archive as an attachment: hashed once by streaming, opened again only if the hub lacks its bytes."""

from hashlib import sha256
from mimetypes import MimeTypes

from entrepot.core.change import Attachment
from entrepot.sdk.archive import Entry

_CHUNK = 1 << 20
_TYPES = MimeTypes()  # the standard table alone: the machine's own would make imports differ between machines
for _suffix, _type in {
    ".heic": "image/heic", ".heif": "image/heif", ".webp": "image/webp", ".avif": "image/avif",
    ".dng": "image/x-adobe-dng", ".m4v": "video/x-m4v", ".m4a": "audio/mp4", ".opus": "audio/ogg",
}.items():  # fmt: skip
    _TYPES.add_type(_type, _suffix)


def media_type_of(name: str) -> str:
    return _TYPES.guess_type(name)[0] or "application/octet-stream"


def suffix_of(media_type: str) -> str:
    """With its dot; empty for a type that nobody knows."""
    return _TYPES.guess_extension(media_type) or ""


def attach(entry: Entry, name: str = "", media_type: str = "") -> Attachment:
    """`name` and `media_type` default to what the entry's own name says. Reads the whole file once."""
    digest = sha256()
    size = 0
    with entry.open() as stream:
        while chunk := stream.read(_CHUNK):
            digest.update(chunk)
            size += len(chunk)
    shown = name or entry.name.rpartition("/")[2]
    return Attachment(digest.hexdigest(), size, shown, media_type or media_type_of(shown), entry.open)
