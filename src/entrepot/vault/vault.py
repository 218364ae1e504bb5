"""The vault: seals secrets for their place in the database and opens them there, with a data key for each workspace."""

from os import urandom
from threading import Lock
from typing import NoReturn

from entrepot.core.errors import PersonMustFix
from entrepot.core.secret import Secret
from entrepot.storage import data_keys
from entrepot.storage.data_keys import DataKey
from entrepot.storage.transaction import Reading, Writing
from entrepot.vault import cipher
from entrepot.vault.cipher import NotAuthentic, Place
from entrepot.vault.keys import KeySource
from entrepot.vault.masterkey import Keyring, MasterKey

KEY_ID_SIZE = 16


class Vault:
    """Safe to share between threads. Works in the caller's transaction, so a secret is kept with what needs it."""

    def __init__(self, source: KeySource) -> None:
        self._source = source
        self._ring: Keyring | None = None
        self._opened: dict[str, bytes] = {}  # by data key id: ids are random, so one that was rolled back never returns
        self._lock = Lock()

    def seal(self, tx: Writing, workspace_id: int, place: Place, secret: Secret) -> bytes:
        found = data_keys.newest(tx, workspace_id) or self._make_data_key(tx, workspace_id)
        key_id = bytes.fromhex(found.key_id)
        return key_id + cipher.seal(self._data_key(found), secret.reveal().encode(), place.context() + key_id)

    def open(self, tx: Reading, workspace_id: int, place: Place, sealed: bytes) -> Secret:
        key_id = sealed[:KEY_ID_SIZE]
        found = data_keys.by_key_id(tx, workspace_id, key_id.hex())
        if found is None:
            _refuse("Its data key is not in the database")
        try:
            plain = cipher.unseal(self._data_key(found), sealed[KEY_ID_SIZE:], place.context() + key_id)
        except NotAuthentic:
            _refuse("It was changed, or copied from another place")
        return Secret(plain.decode())

    def check(self, tx: Reading) -> None:
        """PersonMustFix unless the master key at hand opens every data key there is: for start-up and `doctor`."""
        for master_key_id in data_keys.master_key_ids(tx):
            self._master_key(master_key_id)

    def __repr__(self) -> str:
        return f"Vault({self._source.origin})"

    def _data_key(self, found: DataKey) -> bytes:
        opened = self._opened.get(found.key_id)
        if opened is None:
            opened = unwrap(self._master_key(found.master_key_id), found, self._source.origin)
            self._opened[found.key_id] = opened
        return opened

    def _make_data_key(self, tx: Writing, workspace_id: int) -> DataKey:
        data_keys.lock_wrapping(tx)
        there = data_keys.newest(tx, workspace_id)
        if there is not None:
            return there
        data_key = urandom(cipher.KEY_SIZE)
        made = wrap(self._wrapping_key(tx), workspace_id, urandom(KEY_ID_SIZE).hex(), data_key)
        data_keys.add(tx, made)
        self._opened[made.key_id] = data_key
        return made

    def _wrapping_key(self, tx: Writing) -> MasterKey:
        """The key that wraps everything else, as long as there is one such; else, in mid-rotation, the current one.

        Read anew under the lock: a rotation that ended a moment ago has forgotten the key this process still knows.
        """
        in_use = data_keys.master_key_ids(tx)
        with self._lock:
            self._ring = self._source.read() if in_use else self._source.create()
            current = self._ring.current
        return self._master_key(next(iter(in_use))) if len(in_use) == 1 else current

    def _master_key(self, key_id: str) -> MasterKey:
        with self._lock:
            ring = self._ring or self._source.read()
            found = ring.find(key_id)
            if found is None:  # a rotation elsewhere may have brought a new key since this one was read
                ring = self._source.read()
                found = ring.find(key_id)
            self._ring = ring
        return found or refuse_key(key_id, ring, self._source.origin)


def wrap(master: MasterKey, workspace_id: int, key_id: str, data_key: bytes) -> DataKey:
    wrapped = master.wrap(data_key, _wrapped_place(workspace_id, key_id).context())
    return DataKey(workspace_id, key_id, master.id, wrapped)


def unwrap(master: MasterKey, found: DataKey, origin: str) -> bytes:
    try:
        return master.unwrap(found.wrapped, _wrapped_place(found.workspace_id, found.key_id).context())
    except NotAuthentic:
        raise PersonMustFix(
            f"A data key in the database was damaged: the master key from {origin} is the right one, "
            "but does not open it. Restore the database from a backup."
        ) from None


def refuse_key(key_id: str, ring: Keyring, origin: str) -> NoReturn:
    raise PersonMustFix(
        f"Stored credentials are sealed with master key {key_id}, but {origin} gives {', '.join(ring.ids())}. "
        "Put back the key this data was made with; after a rotation elsewhere, give the new key and start again."
    )


def _refuse(why: str) -> NoReturn:
    raise PersonMustFix(f"A stored secret cannot be opened. {why}. Connect the integration again.")


def _wrapped_place(workspace_id: int, key_id: str) -> Place:
    return Place(str(workspace_id), "data_keys", key_id, "wrapped")
