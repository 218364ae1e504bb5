"""What a connector reads, request by request and field by field: `probe`, `collections` and `streams`."""

from typing import Annotated, Any, Literal

from pydantic import Discriminator, Field, StringConstraints, Tag

from entrepot.sdk.manifest_http import AnyPaging
from entrepot.sdk.manifest_terms import Call, Code, Duration, Json, Name, Path, Section, Value, shape_of
from entrepot.sdk.manifest_write import WriteSpec


class Ask(Section):
    """One request. `:words` are filled in; a parameter whose word has no value is left out."""

    request: Call
    query: dict[str, Value] = {}
    body: dict[str, Json] | None = None
    """Sent as JSON."""
    form: dict[str, Value] | None = None
    """Sent as a web form is; the parameter that `since` sends stands in it."""
    graphql: str | None = Field(default=None, pattern=r"^[a-z0-9_]+\.graphql$")
    """A query file beside the manifest; `variables` go with it."""
    variables: dict[str, Json] = {}
    headers: dict[str, str] = {}
    items: Path | None = None
    """Where the records stand, if elsewhere than `paging.items` says."""
    included: Path | None = None
    """JSON:API: where the resources stand that records point to; each takes the place of its pointer."""
    paging: AnyPaging | None = None
    """In place of the service's usual paging."""


class Since(Section):
    """How to ask for what changed only; the mark is kept in the cursor. One of `field`, `token` and
    `link` is given.

    By time: the greatest `field` seen is the mark, less `overlap` where clocks are coarse. It is sent as
    parameter `send`, stands in the body as `:since`, or, `newest_first`, reading stops at the first older record.
    By token: the answer's `token` (found on the last page only) goes back as parameter `send`.
    By link: what the answer has there (on the last page only) is the whole address to ask for changes.
    """

    field: Path | None = None
    token: Path | None = None
    link: Path | None = None
    full: Path | None = None
    """By token: where an answer says that it shows everything because the token is not known any more."""
    send: str | None = None
    form: Literal["instant", "date", "epoch", "epoch_ms"] = "instant"
    """How times are written in the request."""
    overlap: Duration | None = None
    newest_first: bool = False
    ask: Ask | None = None
    """Another request for changes, where the full listing cannot be filtered; it may use `:since`."""
    cap: int | None = Field(default=None, gt=0)
    """A search in ascending order of `field` shows so many records at most: each page begins at the last one's time."""
    until: str | None = None
    """Both ends must be given: the parameter of the later end. Long spans are read in steps of `window`."""
    window: Duration | None = None
    start: str | None = None
    """Where the first window begins: a date, or the setting that holds one."""


class Read(Ask):
    """A request that lists records, and how to ask it for changes only."""

    since: Since | None = None
    gone: bool = False
    """This request lists what was deleted: each record is a tombstone."""
    listing: bool = False
    """Asked in full listings alone: what changes afterwards, another request of the stream tells."""


class Probe(Section):
    """The cheapest call that proves the credential works, and where the answer says whose account it is."""

    request: Call
    graphql: str | None = Field(default=None, pattern=r"^[a-z0-9_]+\.graphql$")
    id: Path
    name: Path | None = None


CollectionId = Annotated[
    Annotated[Path, Tag("text")] | Annotated[dict[Name, Path], Tag("mapping")],
    Discriminator(shape_of),
]


class Collections(Ask):
    """Containers at the service. An `id` of several parts is joined by `/`, and each part is a word in paths."""

    kind: Name
    id: CollectionId
    name: Path
    color: Path | None = None
    writable: bool | dict[Path, Value | list[Value]] = False
    when: dict[Path, Value | list[Value]] = {}
    complete: Code | None = None
    """Python that adds to a container before `when` is asked of it: `async def f(record, http, words) -> record`."""
    only: Name | None = None
    """A setting of type `list`: the ids the person chose; empty means all."""


class Confirm(Section):
    """Reads one record, `:id`, again. It is gone where the answer is 404 or 410, or has nothing at `answer`."""

    request: Call
    query: dict[str, Value] = {}
    graphql: str | None = Field(default=None, pattern=r"^[a-z0-9_]+\.graphql$")
    variables: dict[str, Json] = {}
    answer: Path | None = None


Confirmed = Annotated[Annotated[Call, Tag("text")] | Annotated[Confirm, Tag("mapping")], Discriminator(shape_of)]


class Deletions(Section):
    """`absence`: what a full listing does not show is gone, after `confirm` said so where it is given.

    `every`: how often a full listing is made although changes could be asked for. `confirm` also reads again what was
    written.
    """

    by: Literal["feed", "absence", "never"] = "never"
    confirm: Confirmed | None = None
    every: Duration | None = None

    @property
    def confirmed(self) -> Confirm | None:
        """How one record is asked for, whichever way it was written."""
        return Confirm(request=self.confirm) if isinstance(self.confirm, str) else self.confirm


Id = Annotated[Annotated[Path, Tag("text")] | Annotated[list[Path], Tag("list")], Discriminator(shape_of)]
OneRead = Annotated[Annotated[Call, Tag("text")] | Annotated[Read, Tag("mapping")], Discriminator(shape_of)]
Reads = Annotated[
    Annotated[Call, Tag("text")] | Annotated[list[OneRead], Tag("list")] | Annotated[Read, Tag("mapping")],
    Discriminator(shape_of),
]
By = Literal["feed", "absence", "never"]
Deleted = Annotated[
    Annotated[By, Tag("text")] | Annotated[Deletions, Tag("mapping")],
    Discriminator(shape_of),
]


class StreamSpec(Section):
    """One sort of records of one kind. Only `kind` is needed where Python reads (`uses`, `importer`)."""

    kind: Name
    read: Reads | None = None
    """One request, or several that together show everything."""
    by_collection: Name | None = None
    """Each collection of this name is read by itself; `:collection` and the parts of its id are words."""
    collections: Name | None = None
    """One read yields all, and its records belong to the collections of this name."""
    each_collection: bool = False
    """As `by_collection`, where Python reads and finds the collections."""
    id: Id | None = None
    local_ids: bool = False
    """An id is unique within its collection only: the collection's own is put before it."""
    version: Path | None = None
    collection: Path | None = None
    when: dict[Path, Value | list[Value]] = {}
    """Records that are none of this stream are passed over unless all of these hold (a list: any of it)."""
    gone: dict[Path, Value | list[Value]] = {}
    """A record is a tombstone when all of these hold."""
    deletions: Deleted = Deletions()
    complete: Code | None = None
    """Python that adds to a record before it is mapped: `async def f(record, http, words) -> record`."""
    gather: Code | None = None
    """Python that is shown the records of a full listing that is one page, before `complete`, and puts together what
    would else have to be asked for: `def f(records) -> records`."""
    volatile: list[Path] = []
    """Fields of the record that change without meaning anything; they are not kept in its native form."""
    native: Literal["json", "text", "none"] = "json"
    fields: dict[str, Any] = {}
    """Field of the kind → lens. One line, one lens."""
    given: dict[str, Annotated[str, StringConstraints(pattern=r"^:[a-z_][a-z0-9_]*$")]] = {}
    """Field of the kind → a word of the request, for what the records themselves do not repeat."""
    extra: list[str] = []
    """Fields of the service kept in the kind's `extra` under their own names; `*` keeps all that no line reads."""
    write: WriteSpec | None = None
    """How it is written; without it the stream is only read. Where Python reads, Python writes."""
    ignored: dict[str, list[Value]] = {}
    """Documented values that deliberately have no row in a table: field of the service → values."""

    @property
    def deleted(self) -> Deletions:
        return self.deletions if isinstance(self.deletions, Deletions) else Deletions(by=self.deletions)

    @property
    def reads(self) -> list[Read]:
        """The requests, whichever way they were written."""
        written = self.read if isinstance(self.read, list) else [self.read] if self.read else []
        return [Read(request=read) if isinstance(read, str) else read for read in written]
