"""App registrations: the client id and secret of this hub at a service, from the environment or from the vault."""

from collections.abc import Mapping

from entrepot.auth.oauth2 import App
from entrepot.core.errors import PersonMustFix
from entrepot.core.secret import Secret
from entrepot.storage import app_registrations
from entrepot.storage.transaction import Reading, Writing
from entrepot.vault.cipher import Place
from entrepot.vault.vault import Vault


def variables(connector: str) -> tuple[str, str]:
    """`todoist` → `TODOIST_CLIENT_ID`, `TODOIST_CLIENT_SECRET`."""
    stem = connector.upper().replace("-", "_")
    return f"{stem}_CLIENT_ID", f"{stem}_CLIENT_SECRET"


def from_environment(connector: str, environment: Mapping[str, str]) -> App | None:
    id_name, secret_name = variables(connector)
    client_id, secret = environment.get(id_name, "").strip(), environment.get(secret_name, "").strip()
    if secret and not client_id:
        raise PersonMustFix(f"{secret_name} is set but {id_name} is not. Set both, or neither.")
    return App(client_id, Secret(secret) if secret else None) if client_id else None


def find(tx: Reading, vault: Vault, workspace_id: int, connector: str, environment: Mapping[str, str]) -> App | None:
    """The environment goes first, so that a deployment can say what holds."""
    there = from_environment(connector, environment)
    if there is not None:
        return there
    found = app_registrations.find(tx, workspace_id, connector)
    if found is None:
        return None
    if not found.sealed:
        return App(found.client_id)
    return App(found.client_id, vault.open(tx, workspace_id, _place(workspace_id, found.id), found.sealed))


def keep(tx: Writing, vault: Vault, workspace_id: int, connector: str, app: App) -> None:
    """What `entrepot app set` does."""
    if not app.client_id.strip():
        raise PersonMustFix("The client id is empty. Copy it from the app's page at the service.")
    public = app_registrations.new_registration_id()
    sealed = b""
    if app.client_secret:
        sealed = vault.seal(tx, workspace_id, _place(workspace_id, public), app.client_secret)
    app_registrations.put(tx, workspace_id, public, connector, (app.client_id.strip(), sealed))


def missing(connector: str, name: str, redirect_uri: str) -> PersonMustFix:
    """What to do where there is none."""
    id_name, secret_name = variables(connector)
    return PersonMustFix(
        f"{name} wants to know which app asks. Register one there with the redirect address {redirect_uri}, then set "
        f"{id_name} and {secret_name}, or run `entrepot app set {connector} --client-id … --client-secret @FILE`."
    )


def _place(workspace_id: int, public_id: str) -> Place:
    return Place(str(workspace_id), "app_registrations", public_id, "sealed")
