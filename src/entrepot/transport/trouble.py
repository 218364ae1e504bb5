"""What can go wrong with a connection, told apart by whether the service may already have acted on the request."""

import aiohttp
import msgspec

from entrepot.core.errors import EntrepotError, PersonMustFix, ServiceChanged, TryLater
from entrepot.transport.body import TooLarge, Undecodable

CAUGHT = (aiohttp.ClientError, TimeoutError, OSError, TooLarge, Undecodable)


class Trouble(msgspec.Struct, frozen=True):
    """`sent`: the request may have arrived, so only a repeatable one may be sent again. `final`: never again."""

    kind: type[EntrepotError]
    what: str
    sent: bool = True

    @property
    def final(self) -> bool:
        return self.kind is not TryLater


class Broken(Exception):
    """An attempt that ended without an answer."""

    def __init__(self, trouble: Trouble) -> None:
        super().__init__(trouble.what)
        self.trouble = trouble


def explain(error: Exception) -> Trouble:
    """The texts of aiohttp hold whole addresses with their parameters, so none of them is passed on."""
    return next((trouble for kind, trouble in _TROUBLES if isinstance(error, kind)), _CLOSED)


# The first that fits: the later ones are wider.
_TROUBLES: tuple[tuple[type[Exception], Trouble], ...] = (
    (
        aiohttp.ClientConnectorCertificateError,
        Trouble(PersonMustFix, "has no certificate to trust", sent=False),
    ),
    (
        aiohttp.ClientConnectorDNSError,
        Trouble(TryLater, "cannot be found; is the name right, and is the network up?", sent=False),
    ),
    (aiohttp.ConnectionTimeoutError, Trouble(TryLater, "does not accept a connection in time", sent=False)),
    (aiohttp.ClientConnectorError, Trouble(TryLater, "refuses the connection", sent=False)),
    (aiohttp.InvalidURL, Trouble(PersonMustFix, "is not an address that can be asked", sent=False)),
    (
        aiohttp.ClientResponseError,
        Trouble(ServiceChanged, "answered with something that is not HTTP, or with endless headers"),
    ),
    (TooLarge, Trouble(ServiceChanged, "sent more than is accepted as one answer")),
    (Undecodable, Trouble(ServiceChanged, "sent an answer that cannot be decompressed")),
    (aiohttp.ClientPayloadError, Trouble(TryLater, "broke off in the middle of its answer")),
    (TimeoutError, Trouble(TryLater, "is too slow")),
)
_CLOSED = Trouble(TryLater, "closed the connection before it answered")
