"""The manifest language as one model; its sections stand in the modules beside this one."""

from functools import cache
from typing import Annotated, Literal

from pydantic import Discriminator, Field, Tag

from entrepot.sdk.connector import Stream
from entrepot.sdk.manifest_auth import AnyScheme, NoAuth
from entrepot.sdk.manifest_fields import told_fields
from entrepot.sdk.manifest_http import Http
from entrepot.sdk.manifest_settings import Contract, Setting, Variant
from entrepot.sdk.manifest_streams import Collections, Probe, StreamSpec
from entrepot.sdk.manifest_terms import Code, Name, Section, Url, shape_of

Auth = Annotated[
    Annotated[AnyScheme, Tag("mapping")] | Annotated[list[AnyScheme], Tag("list")], Discriminator(shape_of)
]


class Manifest(Section):
    """A connector as data. The identity comes first in the file, a line each, up to the first blank line."""

    id: Name
    name: str = Field(min_length=1, max_length=60)
    summary: str = Field(min_length=1, max_length=160)
    kinds: list[Name] = Field(min_length=1)
    """The kinds its streams have, so that a list of connectors need not read further."""
    docs: Url
    """The vendor's documentation."""
    importer: Code | None = None
    """Reads files a person downloaded."""
    uses: Code | None = None
    """Reads a live service in Python, where a family of protocols does the work."""
    writer: Code | None = None
    """A class that writes to the service where single requests cannot, made with the context, the compiled lines of
    each stream and the reader: `Writer`, and if it likes `Finding` and `Batching`."""
    reads: list[Literal["live", "archive"]] = []
    """Said where one connector reads both a service and files."""

    auth: Auth = NoAuth(scheme="none")
    """One scheme, or several the person chooses from; the first is the one recommended."""
    http: Http = Http()
    settings: dict[Name, Setting] = {}
    variants: dict[Name, Variant] = {}
    probe: Probe | None = None
    collections: dict[Name, Collections] = {}
    streams: dict[Name, StreamSpec] = Field(min_length=1)
    contract: Contract | None = None

    @property
    def schemes(self) -> list[AnyScheme]:
        return self.auth if isinstance(self.auth, list) else [self.auth]

    @property
    def is_archive(self) -> bool:
        return self.importer is not None

    @property
    def is_live(self) -> bool:
        return self.importer is None or self.probe is not None

    @property
    def live_streams(self) -> dict[str, StreamSpec]:
        """What the service is asked for. Beside an importer, streams without `read` come from files alone."""
        return {name: spec for name, spec in self.streams.items() if self.uses or spec.reads}

    def stream(self, name: str) -> Stream:
        """The stream as the hub's side knows it."""
        spec = self.streams[name]
        every = spec.deleted.every
        return Stream(
            name=name,
            kind=spec.kind,
            deletions=spec.deleted.by,
            by_collection=spec.by_collection is not None or spec.each_collection,
            native=spec.native,
            full_every=every.total_seconds() if every else None,
            told=told_fields(spec),
        )


@cache
def manifest_schema() -> dict[str, object]:
    """JSON Schema 2020-12 of the language, for editors."""
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        **Manifest.model_json_schema(),
        "title": "Entrepôt connector manifest",
    }
