"""What a connector is given: a way to the service, its settings, and nothing else."""

from collections.abc import Mapping

import msgspec

from entrepot.core.secret import Secret
from entrepot.transport.client import Client


class Context(msgspec.Struct, frozen=True):
    """`http` signs, waits and retries by itself. `settings` are the manifest's, filled in and checked.

    `secrets` is empty but for connectors whose library must sign by itself (manifest `auth.handed_over`).
    """

    http: Client
    settings: Mapping[str, str] = {}
    secrets: Mapping[str, Secret] = {}
