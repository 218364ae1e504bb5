"""What goes out and what comes back. Neither shows its content when printed: it may hold secrets."""

from collections.abc import Callable, Collection, Mapping
from functools import cache
from typing import Any, TypedDict, TypeVar, overload

import msgspec

from entrepot.core.errors import ServiceChanged
from entrepot.core.secret import Secret
from entrepot.transport.redact import clean, place

T = TypeVar("T")
Text = str | Secret
Param = Text | int | float | bool | list[str] | tuple[str, ...] | None
"""A list is sent as the same name again and again; None is not sent."""

READING = frozenset({"GET", "HEAD", "OPTIONS", "PROPFIND", "REPORT", "SEARCH"})
REPEATABLE = READING | {"PUT", "DELETE"}


class Request(msgspec.Struct, frozen=True):
    """`url` is absolute, or is appended to the client's base address.

    `repeatable` says that sending it twice does no harm; None: as the method says (so a POST that only reads sets
    True). `expected` are statuses the caller handles: they come back as a response. `errors` maps a status to the name
    of one of the seven errors, before the client's own mapping. `weight` is what it costs of the budget. `private`
    keeps the answer's text out of every error (token endpoints). Without `follow` a redirect comes back as it is.
    """

    method: str
    url: str
    params: Mapping[str, Param] = {}
    headers: Mapping[str, Text] = {}
    body: bytes | None = None
    repeatable: bool | None = None
    expected: Collection[int] = ()
    errors: Mapping[int, str] = {}
    weight: float = 1
    private: bool = False
    follow: bool = True

    @property
    def is_reading(self) -> bool:
        """A POST that may be repeated asks a question; PUT, PATCH and DELETE never do."""
        return self.method in READING or (self.method == "POST" and self.repeatable is True)

    @property
    def is_repeatable(self) -> bool:
        return self.method in REPEATABLE if self.repeatable is None else self.repeatable

    def __repr__(self) -> str:
        return f"Request({self.method} {self.url.partition('?')[0]})"


class Extra(TypedDict, total=False):
    """The rarer fields of a request, where a method takes a request's parts one by one."""

    repeatable: bool | None
    expected: Collection[int]
    errors: Mapping[int, str]
    weight: float
    private: bool
    follow: bool


class Response(msgspec.Struct, frozen=True):
    """`headers` are found in any case; `body` is decompressed; `url` is where it came from after redirects."""

    status: int
    headers: Mapping[str, str]
    body: bytes
    url: str
    private: bool = False
    clean: Callable[[str], str] = clean
    """Blots out secrets in what an error tells of the body."""

    @overload
    def json(self, type: type[T]) -> T: ...

    @overload
    def json(self, type: None = None) -> Any: ...

    def json(self, type: Any = None) -> Any:  # noqa: A002 - the name msgspec gives it
        """The body read as JSON into `type`; ServiceChanged where it is not that."""
        try:
            return _decoder(type).decode(self.body)
        except msgspec.DecodeError as error:
            raise _unreadable(self, error) from None
        except (UnicodeDecodeError, RecursionError):
            raise _unreadable(self, None) from None

    @property
    def place(self) -> str:
        """Host and path, for what an error tells."""
        return self.clean(place(self.url))

    def shown_body(self) -> str:
        """As much of the body as an error may carry. Cut only after cleaning: half a secret is not recognised."""
        return "" if self.private else self.clean(self.body[:4096].decode(errors="replace"))[:500]

    def __repr__(self) -> str:
        return f"Response({self.status}, {len(self.body)} bytes)"


@cache
def _decoder(type: Any) -> msgspec.json.Decoder[Any]:  # noqa: A002 - the name msgspec gives it
    return msgspec.json.Decoder() if type is None else msgspec.json.Decoder(type)


def _unreadable(response: Response, error: msgspec.DecodeError | None) -> ServiceChanged:
    start = response.body[:64].lstrip(b"\xef\xbb\xbf \r\n\t")
    if start.startswith(b"<") or "html" in response.headers.get("Content-Type", ""):
        what = "a web page instead of data; a sign-in page or a proxy may stand in between"
    elif not start:
        what = "nothing where data was expected"
    elif isinstance(error, msgspec.ValidationError):
        what = f"data of another shape than expected ({response.clean(str(error))})"
    else:
        what = "data that is cut off or is not JSON"
    return ServiceChanged(f"{response.place} answered with {what}.", detail=response.shown_body())
