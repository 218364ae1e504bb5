"""Settings come from the environment once, and a wrong one says what it may be."""

from pathlib import Path

import pytest

from entrepot import settings
from entrepot.core.errors import PersonMustFix


def test_the_option_goes_before_the_variable_and_the_variable_before_the_platforms_folder(tmp_path):
    assert settings.read({"ENTREPOT_DATA": "/a"}, data=tmp_path).data == tmp_path
    assert settings.read({"ENTREPOT_DATA": "/a"}).data == Path("/a")
    assert settings.read({}).data.name == "entrepot"


def test_the_database_is_sqlite_in_the_folder_unless_a_url_is_set(tmp_path):
    assert settings.read({}, data=tmp_path).database_url == f"sqlite:///{tmp_path / 'hub.sqlite'}"
    url = "postgresql+psycopg://localhost/hub"
    assert settings.read({"ENTREPOT_DATABASE_URL": url}, data=tmp_path).database_url == url


def test_the_key_is_a_secret_from_the_start():
    read = settings.read({"ENTREPOT_KEY": "planted", "TODOIST_CLIENT_SECRET": "planted too"})
    assert "planted" not in repr(read)
    assert read.environment["TODOIST_CLIENT_SECRET"] == "planted too"


def test_a_value_that_cannot_be_names_the_ones_that_can():
    with pytest.raises(PersonMustFix, match="allow, deny"):
        settings.read({"ENTREPOT_PRIVATE_HOSTS": "maybe"})


def test_a_folder_may_be_named_by_its_home(monkeypatch):
    monkeypatch.setenv("HOME", "/home/me")
    read = settings.read({"ENTREPOT_DATA": "~/hub", "ENTREPOT_KEY_FILE": "~/key", "ENTREPOT_CONNECTORS": "~/mine"})
    assert (read.data, read.key_file, read.connectors) == (
        Path("/home/me/hub"), Path("/home/me/key"), (Path("/home/me/mine"),)
    )  # fmt: skip
    with pytest.raises(PersonMustFix, match="ENTREPOT_DATA"):
        settings.read({"ENTREPOT_DATA": "~nobody-of-this-name/hub"})
