"""Where a service is, how it pages, how often it may be called: the manifest's `http` section."""

from typing import Annotated, Literal

from pydantic import Field

from entrepot.sdk.manifest_terms import Duration, Path, Section, Url

ErrorName = Literal[
    "PersonMustFix", "NeedsConsent", "TryLater", "Stale", "RecordRefused", "SafetyStop", "ServiceChanged"
]


class Budget(Section):
    """`calls` per `per`, shared by everything that counts towards it; `together` at the same moment."""

    calls: int = Field(gt=0)
    per: Duration
    each: Literal["integration", "app"] = "integration"
    together: int = Field(default=4, gt=0)


class Paging(Section):
    """What all styles share. `items` leads to the records in an answer; `*` goes through each of a list.

    Without `items` the answer itself is the list.
    """

    items: Path | None = None
    size: dict[str, int] = Field(default={}, max_length=1)
    """The parameter that asks for larger pages, and how large: `{limit: 200}`."""
    place: Literal["query", "body"] = "query"
    """Where the paging parameters go; for GraphQL, `body` means the variables."""


class CursorPaging(Paging):
    """The answer carries a token that asks for the next page."""

    style: Literal["cursor"]
    send: str
    find: Path
    more: Path | None = None
    """A truth value that ends the paging although there is a token."""


class PagePaging(Paging):
    """Pages by number. `parallel` where later pages may be asked for at once: the end must be told on the first."""

    style: Literal["page"]
    send: str = "page"
    first: int = 1
    more: Path | None = None
    """A truth value that says there is a next page."""
    total: Path | None = None
    """The number of records in all."""
    pages: Path | Literal["link"] | None = None
    """The number of the last page: in the answer, or `link` for a Link header with rel=last."""
    parallel: bool = False


class OffsetPaging(Paging):
    """Pages by the number of records passed over."""

    style: Literal["offset"]
    send: str = "offset"
    more: Path | None = None
    total: Path | None = None
    parallel: bool = False


class LinkPaging(Paging):
    """A Link header with rel=next (RFC 8288)."""

    style: Literal["link"]


class NextUrlPaging(Paging):
    """The answer carries the whole address of the next page."""

    style: Literal["next_url"]
    find: Path


class OnePage(Paging):
    """Everything comes at once."""

    style: Literal["none"] = "none"


AnyPaging = Annotated[
    CursorPaging | PagePaging | OffsetPaging | LinkPaging | NextUrlPaging | OnePage, Field(discriminator="style")
]


class Http(Section):
    """`base_url` is left out where each person has their own server, and then asked for."""

    base_url: Url | None = None
    address_help: str = ""
    """What to type as the address of one's own server, where there can be one."""
    hosts: list[str] = []
    """Hosts besides the one of `base_url` and of `auth`; `*.example.org` for any below."""
    headers: dict[str, str] = {}
    budget: Budget | None = None
    errors: dict[int, ErrorName] = {}
    """What differs from the standard table of status codes."""
    paging: AnyPaging = OnePage()
