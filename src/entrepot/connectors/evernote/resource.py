"""A file inside a note: base64 as it streams in becomes bytes in the spool, with the two hashes that name it."""

import re
from binascii import Error, a2b_base64
from collections.abc import Callable
from hashlib import md5, sha256
from typing import BinaryIO

import msgspec

from entrepot.core.change import Attachment
from entrepot.protocols.archive_files import suffix_of

from .spool import Spool

_UNSAFE = re.compile(r'[\x00-\x1f\x7f<>:"|?*]')
_LONGEST_NAME = 200


class Decoded(msgspec.Struct, frozen=True):
    """`md5` is what ENML calls the file by; ENEX does not contain it."""

    md5: str
    sha256: str
    size: int
    open: Callable[[], BinaryIO]


class Decoder:
    """Takes base64 text in pieces of any length. ValueError at the end where it was no base64."""

    def __init__(self, spool: Spool) -> None:
        self._spool = spool
        self._rest = b""
        self._md5 = md5(usedforsecurity=False)
        self._sha256 = sha256()
        self._size = 0
        self._broken = ""
        spool.begin()

    def write(self, text: str) -> None:
        data = self._rest + text.encode("ascii", "replace").translate(None, b" \t\r\n")
        whole = len(data) // 4 * 4
        self._rest = data[whole:]
        if whole and not self._broken:
            self._decode(data[:whole])

    def finish(self) -> Decoded:
        opener = self._spool.end()
        if self._rest and not self._broken:
            self._broken = "its end is missing"
        if self._broken:
            raise ValueError(f"an attachment is not valid base64 ({self._broken})")
        return Decoded(md5=self._md5.hexdigest(), sha256=self._sha256.hexdigest(), size=self._size, open=opener)

    def _decode(self, data: bytes) -> None:
        try:
            decoded = a2b_base64(data, strict_mode=True)
        except Error as error:
            self._broken = str(error)
            return
        self._md5.update(decoded)
        self._sha256.update(decoded)
        self._size += len(decoded)
        self._spool.write(decoded)


class Resource(msgspec.Struct):
    """`fields` are the texts of the elements in it, by name (`mime`, `file-name`, …)."""

    fields: dict[str, str] = msgspec.field(default_factory=dict[str, str])
    decoded: Decoded | None = None

    def attachment(self) -> Attachment | None:
        if self.decoded is None:
            return None
        media_type = self.fields.get("mime", "").lower() or "application/octet-stream"
        return Attachment(
            sha256=self.decoded.sha256,
            size=self.decoded.size,
            name=_safe_name(self.fields.get("file-name", "")) or _made_up_name(self.decoded, media_type),
            media_type=media_type,
            open=self.decoded.open,
        )


def _safe_name(name: str) -> str:
    """Only the last part of a path, without what a file system or a shell could misunderstand."""
    last = name.replace("\\", "/").rpartition("/")[2]
    return _UNSAFE.sub("_", last).strip(". ")[-_LONGEST_NAME:]


def _made_up_name(decoded: Decoded, media_type: str) -> str:
    return decoded.sha256[:8] + suffix_of(media_type)
