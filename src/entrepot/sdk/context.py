"""What a connector is given: a way to the service, its settings, and nothing else."""

from collections.abc import Mapping

import msgspec

from entrepot.transport.client import Client


class Context(msgspec.Struct, frozen=True):
    """`http` signs, waits and retries by itself. `settings` are the manifest's, filled in and checked."""

    http: Client
    settings: Mapping[str, str] = {}
