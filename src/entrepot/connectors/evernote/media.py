"""The files of one note, found by the MD5 that ENML calls them by, and Markdown that points to them by SHA-256."""

import io
from base64 import b64decode
from collections.abc import Iterable
from hashlib import sha256
from typing import BinaryIO
from urllib.parse import unquote_to_bytes

from entrepot.core.change import Attachment
from entrepot.core.writing import Embedded
from entrepot.protocols.archive_files import suffix_of

from .resource import Resource


class Media:
    """`files` grows by pictures that the note carries inside its text (`data:` addresses)."""

    def __init__(self, resources: Iterable[Resource] = ()) -> None:
        self._by_md5: dict[str, Attachment] = {}
        self._by_sha256: dict[str, Attachment] = {}
        for resource in resources:
            attachment = resource.attachment()
            if attachment is not None and resource.decoded is not None:
                self._by_md5.setdefault(resource.decoded.md5, attachment)
                self._by_sha256.setdefault(attachment.sha256, attachment)

    @property
    def files(self) -> list[Attachment]:
        return list(self._by_sha256.values())

    def embedded(self) -> list[Embedded]:
        return [
            Embedded(sha256=file.sha256, size=file.size, name=file.name, media_type=file.media_type)
            for file in self._by_sha256.values()
        ]

    def reference(self, md5: str, title: str) -> str:
        file = self._by_md5.get(md5)
        if file is None:
            return f"*(attachment {md5 or 'without a hash'} is missing in the export)*"
        return _link(file, title)

    def embed(self, address: str, title: str) -> str:
        """A picture from a `data:` address becomes a file like any other; a broken one only its title."""
        head, _, body = address.partition(",")
        media_type = head[5:].split(";")[0] or "text/plain"
        try:
            data = b64decode(body) if head.endswith(";base64") else unquote_to_bytes(body)
        except ValueError:
            return title
        digest = sha256(data).hexdigest()
        name = digest[:8] + suffix_of(media_type)
        file = Attachment(sha256=digest, size=len(data), name=name, media_type=media_type, open=_opener(data))
        return _link(self._by_sha256.setdefault(digest, file), title)


def _opener(data: bytes) -> "_Opener":
    return _Opener(data)


class _Opener:
    def __init__(self, data: bytes) -> None:
        self._data = data

    def __call__(self) -> BinaryIO:
        return io.BytesIO(self._data)


def _link(file: Attachment, title: str) -> str:
    mark = "!" if file.media_type.startswith("image/") else ""
    label = (title or file.name).replace("[", "\\[").replace("]", "\\]").replace("\n", " ")
    return f"{mark}[{label}](attachment:{file.sha256})"
