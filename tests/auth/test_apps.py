import pytest

from entrepot.auth import apps
from entrepot.auth.oauth2 import App
from entrepot.core.errors import PersonMustFix
from entrepot.core.secret import Secret


def found(hub, environment: dict[str, str] | None = None) -> App | None:
    with hub.database.read() as tx:
        return apps.find(tx, hub.vault, 1, "google_calendar", environment or {})


def keep(hub, app: App) -> None:
    with hub.database.write() as tx:
        apps.keep(tx, hub.vault, 1, "google_calendar", app)


def test_an_app_from_the_vault_comes_back_and_can_be_replaced(hub):
    assert found(hub) is None
    keep(hub, App(" id \n", Secret("planted-secret")))
    assert found(hub) == App("id", Secret("planted-secret"))
    keep(hub, App("public"))
    assert found(hub) == App("public", None)


def test_the_environment_goes_first(hub):
    keep(hub, App("id", Secret("planted-secret")))
    environment = {"GOOGLE_CALENDAR_CLIENT_ID": "theirs", "GOOGLE_CALENDAR_CLIENT_SECRET": " s "}
    assert found(hub, environment) == App("theirs", Secret("s"))
    assert found(hub, {"GOOGLE_CALENDAR_CLIENT_ID": "public"}) == App("public", None)
    assert found(hub, {"GOOGLE_CALENDAR_CLIENT_ID": "", "GOOGLE_CALENDAR_CLIENT_SECRET": ""}) == App(
        "id", Secret("planted-secret")
    )


def test_half_an_app_is_explained(hub):
    with pytest.raises(PersonMustFix, match="GOOGLE_CALENDAR_CLIENT_ID is not"):
        found(hub, {"GOOGLE_CALENDAR_CLIENT_SECRET": "s"})
    with pytest.raises(PersonMustFix, match="empty"):
        keep(hub, App("  "))


def test_where_there_is_none_the_person_learns_what_to_register():
    said = apps.missing("todoist", "Todoist", "http://127.0.0.1:8123/auth/callback").message
    for part in ("TODOIST_CLIENT_ID", "TODOIST_CLIENT_SECRET", "entrepot app set todoist", "8123/auth/callback"):
        assert part in said
