"""What the person can choose, the servers a connector knows by name, and the contract it is held to."""

from typing import Annotated, Literal

from pydantic import Field, StringConstraints

from entrepot.sdk.manifest_http import Budget
from entrepot.sdk.manifest_terms import Section, Url


class Setting(Section):
    """One choice of the person. `list` is written with commas, `date` as YYYY-MM-DD."""

    label: str
    help: str = ""
    type: Literal["text", "choice", "list", "date", "number", "switch"] = "text"
    choices: dict[str, str] = {}
    """Value → what it means, for `choice`."""
    default: Annotated[str, StringConstraints(max_length=500)] = ""
    required: bool = False


class Variant(Section):
    """A provider that speaks the same protocol: its address and what its users must know."""

    name: str
    base_url: Url | None = None
    help: str = ""
    hosts: list[str] = []
    settings: dict[str, str] = {}
    budget: Budget | None = None
    """Where it is not that of the protocol's other servers."""


class Contract(Section):
    """The vendor's published document, and the facts that stand in none and were not checked."""

    format: Literal["openapi", "discovery", "graphql", "none"]
    document: str | None = None
    """Path below the folder of contracts."""
    documents: list[str] = []
    prefix: str = ""
    """What stands before the paths in the document, if the base URL of the manifest already contains it."""
    docs: Url | None = None
    unverified: list[str] = Field(default=[])
