"""AES-256-GCM envelopes: what is sealed for one place in the database opens only there."""

from os import urandom

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from msgspec import Struct

KEY_SIZE = 32
NONCE_SIZE = 12
FORMAT = b"\x01"


class Place(Struct, frozen=True):
    """Where a sealed value stands. A value copied to another row, column or workspace does not open there."""

    workspace: str
    table: str
    row: str
    column: str

    def context(self) -> bytes:
        """Each part with its length, so that no two places ever read alike."""
        parts = (self.workspace, self.table, self.row, self.column)
        return b"".join(len(part).to_bytes(4, "big") + part for part in (text.encode() for text in parts))


class NotAuthentic(Exception):
    """The key is another one, the place is another one, or the bytes were changed; GCM cannot say which."""


def seal(key: bytes, plain: bytes, context: bytes) -> bytes:
    """Format byte, random nonce, ciphertext with tag. One key may seal 2^32 values (NIST SP 800-38D, 8.3)."""
    nonce = urandom(NONCE_SIZE)
    return FORMAT + nonce + AESGCM(key).encrypt(nonce, plain, FORMAT + context)


def unseal(key: bytes, sealed: bytes, context: bytes) -> bytes:
    if sealed[:1] != FORMAT or len(sealed) < 1 + NONCE_SIZE + 16:
        raise NotAuthentic("not an envelope of this format")
    try:
        return AESGCM(key).decrypt(sealed[1 : 1 + NONCE_SIZE], sealed[1 + NONCE_SIZE :], FORMAT + context)
    except InvalidTag:
        raise NotAuthentic("the envelope does not open with this key at this place") from None
