"""The importers for calendar and contact files, on files as programs write them."""

import zipfile
from collections import Counter
from pathlib import Path
from typing import Any

import pytest
import yaml

from entrepot.core.change import BadRow, Change
from entrepot.core.people import Contact
from entrepot.protocols.archive import open_archive
from entrepot.sdk.catalog import BUILT_IN, Catalog
from entrepot.sdk.connector import Options
from entrepot.sdk.manifest_file import load

CONNECTORS = ("ical_file", "vcard_file")


def expected() -> list[tuple[str, str, dict[str, Any]]]:
    return [
        (connector, name, wanted)
        for connector in CONNECTORS
        for name, wanted in yaml.safe_load((BUILT_IN / connector / "fixtures" / "expected.yaml").read_text()).items()
    ]


def read(connector: str, path: Path) -> list[Change | BadRow]:
    importer = Catalog().entry(connector).open_importer()
    with open_archive(path) as archive:
        return list(importer.read(archive, Options()))


@pytest.mark.parametrize(("connector", "name", "wanted"), expected())
def test_a_fixture_is_recognised_and_read_as_expected(connector: str, name: str, wanted: dict[str, Any]):
    path = BUILT_IN / connector / "fixtures" / name
    with open_archive(path) as archive:
        match = Catalog().entry(connector).open_importer().recognise(archive)
    assert match is not None
    assert match.score > 0.5
    found = read(connector, path)
    streams = Counter(one.stream for one in found if isinstance(one, Change))
    assert (dict(streams), sum(isinstance(one, BadRow) for one in found)) == (wanted["streams"], wanted["refused"])
    assert all(one.native and one.ref.id for one in found if isinstance(one, Change))
    refs = [(one.stream, one.ref.id) for one in found if isinstance(one, Change)]
    assert len(set(refs)) == len(refs)
    assert read(connector, path) == found or connector == "vcard_file"  # attachments open anew each time
    assert [one.ref for one in read(connector, path) if isinstance(one, Change)] == [
        one.ref for one in found if isinstance(one, Change)
    ]


@pytest.mark.parametrize("connector", CONNECTORS)
def test_the_manifest_is_right(connector: str):
    manifest = load(BUILT_IN / connector / "manifest.yaml")
    assert manifest.is_archive


def test_a_zip_is_read_like_the_folder_in_it(tmp_path: Path):
    folder = BUILT_IN / "ical_file" / "fixtures" / "export"
    with zipfile.ZipFile(tmp_path / "export.zip", "w") as packed:
        for path in sorted(folder.iterdir()):
            packed.write(path, f"export/{path.name}")
    from_zip, from_folder = read("ical_file", tmp_path / "export.zip"), read("ical_file", folder)
    assert from_zip == from_folder
    assert {one.collection for one in from_zip if isinstance(one, Change)} == {"Home", "Club"}


def test_a_calendar_under_any_name_is_recognised_and_a_text_is_not(tmp_path: Path):
    importer = Catalog().entry("ical_file").open_importer()
    text = (BUILT_IN / "ical_file" / "fixtures" / "cut-off.ics").read_bytes()
    for name, content, is_one in (("invite", text, True), ("notes.txt", b"hello", False), ("a.ics", b"hello", False)):
        (tmp_path / name).write_bytes(content)
        with open_archive(tmp_path / name) as archive:
            assert (importer.recognise(archive) is not None) is is_one
            assert Catalog().entry("vcard_file").open_importer().recognise(archive) is None


def test_a_picture_travels_with_its_contact_and_a_broken_card_costs_itself_only():
    found = read("vcard_file", BUILT_IN / "vcard_file" / "fixtures" / "contacts.vcf")
    alex = next(one for one in found if isinstance(one, Change) and one.ref.id == "alex-1")
    assert isinstance(alex.data, Contact)
    [photo] = alex.files
    assert (photo.media_type, alex.data.photo) == ("image/png", photo.sha256)
    assert photo.open().read().startswith(b"\x89PNG")
    [bad] = [one for one in found if isinstance(one, BadRow)]
    assert bad.where == "contacts.vcf: card 3"


def test_the_same_contact_in_two_files_is_one(tmp_path: Path):
    text = (BUILT_IN / "vcard_file" / "fixtures" / "phone.vcf").read_bytes()
    for name in ("a.vcf", "b.vcf"):
        (tmp_path / name).write_bytes(text)
    assert len(read("vcard_file", tmp_path)) == 2


@pytest.mark.parametrize("encoding", ["utf-8-sig", "utf-16", "utf-16-le", "utf-16-be", "utf-32"])
def test_files_in_other_encodings_are_read_to_their_end(tmp_path: Path, encoding: str):
    """Longer than any buffer: some programs write UTF-16, with a mark or without."""
    cards = "".join(f"BEGIN:VCARD\r\nVERSION:3.0\r\nFN:Käthe {number}\r\nEND:VCARD\r\n" for number in range(20_000))
    events = "".join(
        f"BEGIN:VEVENT\r\nUID:{number}\r\nDTSTART:20260101\r\nSUMMARY:Käse\r\nEND:VEVENT\r\n" for number in range(5_000)
    )
    (tmp_path / "all.vcf").write_bytes(cards.encode(encoding))
    (tmp_path / "all.ics").write_bytes(f"BEGIN:VCALENDAR\r\n{events}END:VCALENDAR\r\n".encode(encoding))
    contacts, dates = read("vcard_file", tmp_path / "all.vcf"), read("ical_file", tmp_path / "all.ics")
    assert (len(contacts), len(dates)) == (20_000, 5_000)
    assert isinstance(contacts[-1], Change)
    assert isinstance(contacts[-1].data, Contact)
    assert contacts[-1].data.name is not None
    assert contacts[-1].data.name.full == "Käthe 19999"


def test_an_id_is_never_as_long_as_a_file(tmp_path: Path):
    long = "a" * 100_000
    (tmp_path / "one.vcf").write_text(f"BEGIN:VCARD\nVERSION:3.0\nUID:{long}\nFN:x\nEND:VCARD\n")
    (tmp_path / "one.ics").write_text(
        f"BEGIN:VCALENDAR\nBEGIN:VEVENT\nUID:{long}\nDTSTART:20260101\nEND:VEVENT\n"
        f"BEGIN:VEVENT\nUID:{long}b\nEND:VEVENT\nEND:VCALENDAR\n"
    )
    [contact], [event, bad] = read("vcard_file", tmp_path / "one.vcf"), read("ical_file", tmp_path / "one.ics")
    assert isinstance(contact, Change)
    assert isinstance(event, Change)
    assert isinstance(bad, BadRow)
    assert len(contact.ref.id) == len(event.ref.id) == 32
    assert len(bad.where) + len(bad.reason) < 400
