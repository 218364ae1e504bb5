"""Where pages come from when they are applied, and what may follow from them."""

import msgspec

from entrepot.core.change import Origin
from entrepot.storage.streams import Stream


class Feed(msgspec.Struct, frozen=True, kw_only=True):
    """`collection` is the remote collection that is read by itself, or "".

    `sweeps`: what a full listing did not show is gone (streams whose deletions are `absence` or `feed`, never those
    of `never`). `confirmed`: a person has looked at what the brake stopped, and wants it. `synced`: the records are
    planned one by one, so that what is read waits in the inbox.
    """

    stream: Stream
    run: int
    origin: Origin
    collection: str = ""
    sweeps: bool = False
    confirmed: bool = False
    synced: bool = False
