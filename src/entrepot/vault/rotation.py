"""Rotating the master key: every data key is wrapped anew, in small transactions, while others use the vault.

A kill at any moment loses nothing: until the last data key is wrapped anew the source still gives the old key, and the
next call goes on where this one stopped.
"""

from collections.abc import Callable

import msgspec

from entrepot.core.errors import PersonMustFix
from entrepot.storage import data_keys
from entrepot.storage.database import Database
from entrepot.storage.transaction import Reading, Writing
from entrepot.vault.keys import KeySource
from entrepot.vault.masterkey import Keyring
from entrepot.vault.vault import refuse_key, unwrap, wrap

AT_ONCE = 200


class Rotation(msgspec.Struct, frozen=True):
    """`data_keys` is how many this call wrapped anew; an interrupted rotation has fewer left."""

    master_key_id: str
    data_keys: int


def rotate(database: Database, source: KeySource, progress: Callable[[int], None] | None = None) -> Rotation:
    """Run it again after a crash, or twice at once: the same new key is used, and nothing is wrapped twice."""
    with database.write() as tx:
        data_keys.lock_wrapping(tx)
        _check_all_known(tx, source.read() if data_keys.master_key_ids(tx) else source.create(), source)
        _check_is_new(tx, source.begin_rotation(), source)
    done = 0
    while True:
        with database.write() as tx:
            data_keys.lock_wrapping(tx)
            # Read in each transaction: another rotation may have begun, and its key is then the one to use.
            ring = source.read()
            wrapped = _rewrap_some(tx, ring, source.origin)
            if not wrapped:
                source.end_rotation()
                return Rotation(ring.current.id, done)
        done += wrapped
        if progress is not None:
            progress(done)


def _rewrap_some(tx: Writing, ring: Keyring, origin: str) -> int:
    found = data_keys.wrapped_by_others(tx, ring.current.id, AT_ONCE)
    for old in found:
        master = ring.find(old.master_key_id)
        if master is None:
            refuse_key(old.master_key_id, ring, origin)
        new = wrap(ring.current, old.workspace_id, old.key_id, unwrap(master, old, origin))
        data_keys.rewrap(tx, old.key_id, new.master_key_id, new.wrapped)
    return len(found)


def _check_all_known(tx: Reading, ring: Keyring, source: KeySource) -> None:
    for key_id in data_keys.master_key_ids(tx):
        if ring.find(key_id) is None:
            refuse_key(key_id, ring, source.origin)


def _check_is_new(tx: Reading, ring: Keyring, source: KeySource) -> None:
    """A source that cannot make a key must be given one; with two keys in it and nothing left to do, all is well."""
    if len(ring.ids()) == 1 and set(data_keys.master_key_ids(tx)) <= {ring.current.id}:
        raise PersonMustFix(
            f"There is no new master key: {source.origin} gives only the one in use. Let it give the new key, a comma "
            "and the old one (a new one comes from `openssl rand -base64 32`), start every hub on this data with "
            "both, and run this again."
        )
