"""Reads an answer piece by piece, decompressed, and stops at the limits: for compressed and for decompressed bytes."""

import zlib
from collections.abc import AsyncIterator, Iterator
from typing import Protocol

import aiohttp

PIECE = 256 * 1024


class Decompress(Protocol):
    """What zlib.decompressobj gives; its class has no public name."""

    @property
    def eof(self) -> bool: ...
    @property
    def unused_data(self) -> bytes: ...
    @property
    def unconsumed_tail(self) -> bytes: ...
    def decompress(self, data: bytes, max_length: int = 0, /) -> bytes: ...


class TooLarge(Exception):
    """More bytes than allowed."""


async def read_body(answer: aiohttp.ClientResponse, limit: int) -> bytes:
    length = answer.content_length
    if length is not None and length > limit:
        raise TooLarge
    coding = answer.headers.get("Content-Encoding")
    if coding is None and length is not None:
        return await answer.read()
    pieces: list[bytes] = [piece async for piece in read_pieces(answer, limit)]
    return b"".join(pieces)


async def read_pieces(answer: aiohttp.ClientResponse, limit: int) -> AsyncIterator[bytes]:
    coding = answer.headers.get("Content-Encoding", "").strip().lower()
    decoder = None if coding in {"", "identity"} else _decoder(coding)
    received = given = 0
    async for raw in answer.content.iter_any():
        received += len(raw)
        if received > limit:
            raise TooLarge
        for piece in (raw,) if decoder is None else decoder.decode(raw):
            given += len(piece)
            if given > limit:
                raise TooLarge
            yield piece
    if decoder is not None:
        decoder.finish()


class Undecodable(Exception):
    """The bytes are not what Content-Encoding says."""


class _Inflate:
    """gzip (any number of members), zlib and bare deflate, never more than one piece at a time in memory."""

    def __init__(self) -> None:
        self._inner: Decompress | None = None
        self._begun = False

    def decode(self, raw: bytes) -> Iterator[bytes]:
        try:
            yield from self._inflate(raw)
        except zlib.error:
            raise Undecodable from None

    def finish(self) -> None:
        if self._inner is not None:
            raise Undecodable

    def _inflate(self, raw: bytes) -> Iterator[bytes]:
        while raw:
            if self._inner is None:
                raw = raw.lstrip(b"\0") if self._begun else raw  # padding after a gzip member
                if not raw:
                    return
                self._inner = zlib.decompressobj(-zlib.MAX_WBITS if _is_bare(raw) else zlib.MAX_WBITS | 32)
                self._begun = True
            inner = self._inner
            while piece := inner.decompress(raw, PIECE):
                yield piece
                raw = inner.unconsumed_tail
            raw = inner.unconsumed_tail
            if inner.eof:
                raw, self._inner = inner.unused_data, None


def _is_bare(raw: bytes) -> bool:
    """Some servers mean deflate without its zlib header when they say deflate (RFC 9110, 8.4.1.2)."""
    return raw[0] != 0x1F and raw[0] & 0x0F != 8


def _decoder(coding: str) -> _Inflate:
    if coding not in {"gzip", "x-gzip", "deflate"}:
        raise Undecodable
    return _Inflate()
