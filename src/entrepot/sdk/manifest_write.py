"""How a stream is written: a request for each verb, and what is sent."""

from typing import Annotated, Literal

from pydantic import AfterValidator, Discriminator, Field, StringConstraints, Tag

from entrepot.sdk.manifest_http import ErrorName
from entrepot.sdk.manifest_terms import Code, Duration, Json, Name, Path, Section, Value, read_path, shape_of

WHOLE = "."
SPREAD = "..."

WriteCall = Annotated[str, StringConstraints(pattern=r"^(GET|POST|PUT|PATCH|DELETE) (/\S*|https://\S+)$")]
"""As `Call`, with the methods that write."""

Answer = Annotated[str, AfterValidator(lambda path: path if path == WHOLE else read_path(path))]
"""A path into an answer; `.` is all of it."""


class Send(Section):
    """One request that writes. Words: `:id`, `:version`, `:op` (`:uuid` is the same in that form), the settings, and
    those of the collection; for a move, which goes to `:to`, those of the one it leaves.

    What is sent stands in place of `:record`: for a create all that lenses write, for an update the top-level members
    that differ from what the service has. It is the body by itself where `body` is not given; beside other members it
    is written `...: ":record"`. `:key` is as `key` says.
    """

    request: WriteCall
    query: dict[str, Value] = {}
    headers: dict[str, str] = {}
    body: dict[str, Json] | None = None
    sent: Literal["json", "form"] = "json"
    graphql: str | None = Field(default=None, pattern=r"^[a-z0-9_]+\.graphql$")
    variables: dict[str, Json] = {}
    answer: Answer | None = None
    """Where the answer has the record as it is now: `.` for the whole answer. Without it the record is read again."""
    id: Path | None = None
    """Where the answer to a create has the new id, if it has no more than that; with neither, the id is `:key`."""
    errors: dict[int, ErrorName] = {}
    """What differs from `http.errors`; 404 and 410 say that there is no such record (any more)."""


Sending = Annotated[
    Annotated[WriteCall, Tag("text")] | Annotated[Send, Tag("mapping")],
    Discriminator(shape_of),
]


class Find(Section):
    """Looks for what a create whose answer was lost has made: the first record of the answer that has `same` of it.

    `same` are fields of the kind that must be equal; without them whatever is found is it. `made` is where a record
    says when it was made: one older than the write is another.
    """

    request: WriteCall
    query: dict[str, Value] = {}
    body: dict[str, Json] | None = None
    graphql: str | None = Field(default=None, pattern=r"^[a-z0-9_]+\.graphql$")
    variables: dict[str, Json] = {}
    items: Answer | None = None
    """A list, or one record; 404 and 410 mean none."""
    same: list[str] = []
    made: Path | None = None


class WriteSpec(Section):
    """A verb without a request is one the service does not offer."""

    create: Sending | None = None
    update: Sending | None = None
    delete: Sending | None = None
    move: Sending | None = None
    """Into another remote collection, before the update; without it, a move is a create there and a delete here."""
    verbs: dict[Name, Sending] = {}
    """Those that `verbs:` of a field line name; called after the update or create."""
    find: Find | None = None
    repeatable: bool = False
    """The service makes one record however often a create with the same `:op` is sent."""
    key: Path | None = None
    """Where a record of the kind has the natural key that a create names (the work of a library entry, say)."""
    resolve: Code | None = None
    """Python that looks up what a create must name and the record does not (the work's id at this service), before the
    lenses write: `async def f(data, http, words) -> data`; RecordRefused where the service does not have it."""
    lag: Duration | None = None
    prepare: Code | None = None
    """Python that has the last word on what is sent: `def f(record, native, data) -> record`. `record` may be empty;
    where it stays so, nothing is sent. An `async def` is given `http` and `words` besides."""
    project: Code | None = None
    """Python for what no lens can tell, asked after the lenses: `def f(field, value) -> value`, total. `field` is as
    the kind's struct has it, or `when` for the fields that are merged as one (`value` is then a dict of them)."""
    around: Code | None = None
    """Python that each write goes through, where one request is not enough, or none may be made:
    `async def f(write, http, words, send) -> Change | None`. `await send()` makes the usual request and gives the
    change, read as any record; where None is returned, the record is read again."""
    read_only: list[str] = []
    """Fields of the kind that are read and cannot be written although their lens could."""
    create_only: list[str] = []
    """Fields of the kind that can be given when a record is made, and not changed later."""

    def sends(self) -> dict[str, Send]:
        """The requests by verb, whichever way they were written."""
        named = {"create": self.create, "update": self.update, "delete": self.delete, "move": self.move, **self.verbs}
        return {
            verb: Send(request=send) if isinstance(send, str) else send
            for verb, send in named.items()
            if send is not None
        }
