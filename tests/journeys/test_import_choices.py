"""What a person says about an import, whose archive it is, and what happens where that is wrong."""

import shutil
import zipfile
from collections import Counter
from pathlib import Path

import msgspec
import pytest

from entrepot import Hub
from entrepot.core.errors import PersonMustFix
from entrepot.sdk.catalog import BUILT_IN

NETFLIX = BUILT_IN / "netflix" / "fixtures"
BANK = BUILT_IN / "open_banking" / "fixtures"
LIST = """<myanimelist><myinfo><user_id>{user}</user_id><user_name>{name}</user_name></myinfo>
<anime><series_animedb_id>{anime}</series_animedb_id><series_title>T</series_title><my_status>Dropped</my_status></anime>
</myanimelist>"""


@pytest.fixture
def hub(data):
    with Hub(data) as opened:
        yield opened


def people_lists(folder: Path) -> Path:
    """Two people's lists, which both have the same title, as they lie in one folder of downloads."""
    folder.mkdir()
    for user, name in (("1", "one"), ("2", "two")):
        (folder / f"{name}.xml").write_text(LIST.format(user=user, name=name, anime="30"))
    return folder


def test_a_setting_that_is_not_there_is_told_with_those_that_are(hub):
    with pytest.raises(PersonMustFix, match=r"Netflix has no setting 'dateorder'\. Settings it has: date_order, prof"):
        hub.import_files(NETFLIX / "NetflixViewingHistory.csv", options={"dateorder": "dmy"})
    assert hub.runs() == []


def test_a_choice_that_is_none_is_told_with_those_that_are(hub):
    with pytest.raises(PersonMustFix, match="ip_addresses may be keep, drop, not 'none'"):
        hub.import_files(BUILT_IN / "spotify/fixtures/endsong_0.json", options={"ip_addresses": "none"})


def test_of_several_things_each_gets_the_settings_it_knows(hub, tmp_path):
    downloads = tmp_path / "downloads"
    downloads.mkdir()
    shutil.copy(NETFLIX / "ViewingActivity.csv", downloads)
    shutil.copy(BANK / "household.qif", downloads)
    reports = hub.import_files(downloads, options={"currency": "CHF", "profile": "Flur"})
    assert {one.connector: one.status for one in reports} == {"netflix": "done", "open_banking": "done"}
    assert {msgspec.json.decode(item.data)["currency"] for item in hub.items(kind="account")} == {"CHF"}
    with pytest.raises(PersonMustFix, match=r"no setting 'zone' .* netflix: date_order, profile; open_banking: date_"):
        hub.import_files(downloads, options={"zone": "UTC"})


def test_another_services_file_is_not_taken_for_the_one_that_was_named(hub, tmp_path):
    for path in (NETFLIX / "SearchHistory.csv", NETFLIX):
        with pytest.raises(PersonMustFix, match="does not look like an export of spotify"):
            hub.import_files(path, connector="spotify")
    empty = tmp_path / "empty.zip"
    zipfile.ZipFile(empty, "w").close()
    with pytest.raises(PersonMustFix, match="does not look like an export of spotify"):
        hub.import_files(empty, connector="spotify")
    with pytest.raises(PersonMustFix, match="No importer recognises"):
        hub.import_files(empty)


@pytest.mark.parametrize("connector", [None, "myanimelist"])
def test_two_peoples_archives_in_one_folder_do_not_mix(hub, tmp_path, connector):
    for _ in range(2):
        reports = hub.import_files(people_lists(tmp_path / "lists"), connector=connector)
        assert [one.status for one in reports] == ["done", "done"]
        shutil.rmtree(tmp_path / "lists")
    accounts = Counter(item.source.integration for item in hub.items(kind="library_entry") if item.source)
    assert sorted(accounts.values()) == [1, 1]


def test_the_parts_of_one_persons_archive_stay_one(hub):
    for folder in (BUILT_IN / "myanimelist/fixtures", BUILT_IN / "x/fixtures"):
        (report,) = hub.import_files(folder)
        assert report.status == "done"


def test_a_damaged_file_given_alone_is_called_damaged(hub, tmp_path):
    path = tmp_path / "netflix.zip"
    with zipfile.ZipFile(path, "w") as packed:
        packed.write(NETFLIX / "ViewingActivity.csv", "ViewingActivity.csv")
    path.write_bytes(path.read_bytes().replace(b"Test Browser", b"Best Browser"))
    for connector in (None, "netflix"):
        with pytest.raises(PersonMustFix, match=r"ViewingActivity\.csv is damaged"):
            hub.import_files(path, connector=connector)
