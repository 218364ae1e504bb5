"""Master keys: the 32 bytes that wrap data keys, with a public id that says which one it was."""

from base64 import b64decode, b64encode
from binascii import Error as NotBase64
from hashlib import blake2b
from os import urandom
from typing import NoReturn

from entrepot.core.errors import PersonMustFix
from entrepot.core.secret import Secret
from entrepot.vault import cipher


class MasterKey:
    """Wraps and unwraps; its bytes leave it only as a `Secret`, for writing a key file."""

    __slots__ = ("_key", "id")

    def __init__(self, key: bytes) -> None:
        self._key = key
        self.id = blake2b(key, digest_size=8, person=b"entrepot-key-id").hexdigest()

    @classmethod
    def fresh(cls) -> "MasterKey":
        return cls(urandom(cipher.KEY_SIZE))

    def wrap(self, data_key: bytes, context: bytes) -> bytes:
        return cipher.seal(self._key, data_key, context)

    def unwrap(self, wrapped: bytes, context: bytes) -> bytes:
        return cipher.unseal(self._key, wrapped, context)

    def text(self) -> Secret:
        return Secret(b64encode(self._key).decode())

    def __repr__(self) -> str:
        return f"MasterKey({self.id})"

    def __reduce__(self) -> NoReturn:
        raise TypeError("a master key is not serialised")


class Keyring:
    """The current master key and those that came before it and may still wrap something."""

    __slots__ = ("_by_id", "current")

    def __init__(self, current: MasterKey, *older: MasterKey) -> None:
        self.current = current
        self._by_id = {key.id: key for key in (*older, current)}

    def find(self, key_id: str) -> MasterKey | None:
        return self._by_id.get(key_id)

    def ids(self) -> list[str]:
        return list(self._by_id)

    def __repr__(self) -> str:
        return f"Keyring({', '.join(self._by_id)})"


def read_keyring(text: Secret, origin: str) -> Keyring:
    """One or more base64 keys apart by spaces, commas or line ends; the first is current, the others still open."""
    keys = [_decode(part, origin) for part in text.reveal().replace(",", " ").split()]
    if not keys:
        raise PersonMustFix(f"The master key from {origin} is empty. Give 32 random bytes in base64.")
    return Keyring(*keys)


def _decode(text: str, origin: str) -> MasterKey:
    try:
        key = b64decode(text.replace("-", "+").replace("_", "/") + "=" * (-len(text) % 4), validate=True)
    except (NotBase64, ValueError):
        key = b""
    if len(key) != cipher.KEY_SIZE:
        raise PersonMustFix(
            f"The master key from {origin} is not 32 bytes in base64. "
            "A good one comes from `openssl rand -base64 32`; do not shorten or quote it."
        )
    return MasterKey(key)
