"""vCard 2.1, 3.0, 4.0: what is read, written and kept."""

import base64
import string
from contextlib import suppress

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec.structs import replace

from entrepot.core.errors import RecordRefused
from entrepot.core.people import (
    Address,
    Anniversary,
    Contact,
    EmailAddress,
    NameParts,
    OnlineService,
    Organization,
    Phone,
)
from entrepot.protocols import vcard

APPLE = """BEGIN:VCARD
VERSION:3.0
PRODID:-//Apple Inc.//iOS 19.0//EN
N:Beispiel;Erika;Maria;Dr.;MSc
FN:Dr. Erika Maria Beispiel MSc
NICKNAME:Eri,Rika
ORG:Example\\, Inc.;Research;Maps
TITLE:Cartographer
EMAIL;type=INTERNET;type=HOME;type=pref:erika@example.org
item1.EMAIL;type=INTERNET:maps@example.org
item1.X-ABLabel:Newsletter
TEL;type=CELL;type=VOICE;type=pref:+49 30 0000000
TEL;type=WORK;type=FAX:+49 30 0000001
item2.ADR;type=HOME:;;Musterweg 1\\nHinterhaus;Berlin;;10115;Germany
item2.X-ABADR:de
item3.X-ABDATE;type=pref:2010-06-05
item3.X-ABLabel:_$!<Anniversary>!$_
BDAY;X-APPLE-OMIT-YEAR=1604:1604-03-01
X-SOCIALPROFILE;type=mastodon;x-user=erika:https://s.example.org/@erika
IMPP;X-SERVICE-TYPE=Jabber;type=HOME:xmpp:erika@example.org
NOTE:Line one\\nLine two\\; three
URL:https://example.org
CATEGORIES:friends,maps\\, charts
X-PHONETIC-FIRST-NAME:E-ri-ka
UID:0D8F-1
REV:2026-01-02T03:04:05Z
END:VCARD
"""


def test_an_apple_card_is_read_with_labels_and_a_birthday_without_year():
    contact = vcard.read(APPLE)
    assert contact.name == NameParts(
        full="Dr. Erika Maria Beispiel MSc",
        given="Erika",
        given2="Maria",
        surname="Beispiel",
        title="Dr.",
        credential="MSc",
    )
    assert contact.nicknames == ["Eri", "Rika"]
    assert contact.organizations == [Organization(name="Example, Inc.", units=["Research", "Maps"])]
    assert contact.emails == [
        EmailAddress("erika@example.org", ["private"], 1),
        EmailAddress("maps@example.org", label="Newsletter"),
    ]
    assert contact.phones[0] == Phone(number="+49 30 0000000", features=["mobile", "voice"], pref=1)
    assert contact.phones[1] == Phone(number="+49 30 0000001", contexts=["work"], features=["fax"])
    assert contact.addresses == [
        Address(
            street="Musterweg 1\nHinterhaus",
            locality="Berlin",
            postcode="10115",
            country="Germany",
            country_code="de",
            contexts=["private"],
        )
    ]
    assert contact.anniversaries == [
        Anniversary(type="birth", date="--03-01"),
        Anniversary(type="wedding", date="2010-06-05"),
    ]
    assert contact.online_services == [
        OnlineService(uri="xmpp:erika@example.org", service="Jabber"),
        OnlineService(uri="https://s.example.org/@erika", user="erika", service="mastodon"),
    ]
    assert contact.notes == ["Line one\nLine two; three"]
    assert contact.keywords == ["friends", "maps, charts"]
    assert contact.uid == "0D8F-1"
    assert contact.updated is not None
    assert contact.updated.isoformat() == "2026-01-02T03:04:05+00:00"


@pytest.mark.parametrize("version", ["3.0", "4.0"])
def test_what_was_read_is_read_again_from_what_is_written(version: vcard.Version):
    contact = vcard.read(APPLE)
    again = vcard.read(vcard.write(contact, version=version))
    for name in contact.__struct_fields__:
        if name == "emails" and version == "4.0":
            assert [one.address for one in again.emails] == [one.address for one in contact.emails]
        assert getattr(again, name) == getattr(contact, name), name


def test_merging_nothing_changes_nothing():
    assert vcard.merge(vcard.read(APPLE), into=APPLE) == APPLE.replace("\n", "\r\n")


def test_one_edit_leaves_every_other_line_as_it_was():
    contact = vcard.read(APPLE)
    merged = vcard.merge(replace(contact, titles=["Explorer"]), into=APPLE)
    before, after = APPLE.splitlines(), merged.splitlines()
    assert set(before) ^ set(after) == {"TITLE:Cartographer", "TITLE:Explorer"}
    assert after.index("TITLE:Explorer") == before.index("TITLE:Cartographer")


def test_a_removed_mail_address_takes_its_label_along_and_the_others_keep_what_we_do_not_model():
    contact = vcard.read(APPLE)
    merged = vcard.merge(replace(contact, emails=contact.emails[:1]), into=APPLE)
    assert "Newsletter" not in merged
    assert "_$!<Anniversary>!$_" in merged
    assert "INTERNET" in next(line for line in merged.splitlines() if line.startswith("EMAIL"))
    assert vcard.read(merged).emails == contact.emails[:1]


def test_a_new_label_gets_a_group_that_nobody_has():
    contact = vcard.read(APPLE)
    emails = [*contact.emails, EmailAddress("other@example.org", label="Second")]
    merged = vcard.merge(replace(contact, emails=emails), into=APPLE)
    again = vcard.read(merged)
    assert again.emails == emails
    assert again.anniversaries == contact.anniversaries
    assert again.addresses == contact.addresses


def test_version_2_1_with_quoted_printable_charset_and_nameless_parameters():
    card = (
        b"BEGIN:VCARD\r\nVERSION:2.1\r\n"
        b"N;CHARSET=ISO-8859-1:M\xfcller;J\xf6rg\r\n"
        b"FN;CHARSET=UTF-8;ENCODING=QUOTED-PRINTABLE:J=C3=B6rg =\r\nM=C3=BCller\r\n"
        b"TEL;HOME;VOICE:030 1\r\nTEL;CELL:030 2\r\n"
        b"NOTE;ENCODING=QUOTED-PRINTABLE:one=0D=0Atwo=\r\n=20three; four\r\n"
        b"EMAIL;INTERNET;PREF:j@example.org\r\n"
        b"PHOTO;JPEG;ENCODING=BASE64:\r\n /9j/4AAQ\r\n SkZJRg==\r\n\r\n"
        b"END:VCARD\r\n"
    )
    read = vcard.read_card(card)
    contact = read.data
    assert contact.name is not None
    assert (contact.name.full, contact.name.surname, contact.name.given) == ("Jörg Müller", "Müller", "Jörg")
    assert [(phone.number, phone.contexts, phone.features) for phone in contact.phones] == [
        ("030 1", ["private"], ["voice"]),
        ("030 2", [], ["mobile"]),
    ]
    assert contact.notes == ["one\ntwo three; four"]
    assert contact.emails == [EmailAddress("j@example.org", pref=1)]
    assert read.photo is not None
    assert (read.photo.name, read.photo.media_type, read.photo.size) == ("photo.jpg", "image/jpeg", 10)
    merged = vcard.merge(replace(contact, nicknames=["Jo"]), into=card)
    assert "VERSION:3.0" in merged
    assert vcard.read(merged) == replace(contact, nicknames=["Jo"])


def test_a_picture_is_an_attachment_in_each_version_and_an_address_stays_an_address():
    data = b"\x89PNG\r\n\x1a\n" + bytes(80)
    text = base64.b64encode(data).decode()
    for line in (
        f"PHOTO;ENCODING=b;TYPE=PNG:{text}",
        f"PHOTO:data:image/png;base64,{text}",
        f"PHOTO;ENCODING=b:{text}",
    ):
        read = vcard.read_card(f"BEGIN:VCARD\r\nVERSION:4.0\r\nFN:x\r\n{line}\r\nEND:VCARD\r\n")
        assert read.photo is not None
        assert read.photo.open().read() == data
        assert read.photo.media_type == "image/png"
        assert read.data.photo == read.photo.sha256
    linked = vcard.read_card("BEGIN:VCARD\nVERSION:4.0\nFN:x\nPHOTO:https://example.org/a.png\nEND:VCARD\n")
    assert linked.photo is None
    assert linked.data.photo == "https://example.org/a.png"
    broken = vcard.read_card("BEGIN:VCARD\nVERSION:3.0\nFN:x\nPHOTO;ENCODING=b:***\nEND:VCARD\n")
    assert broken.photo is None


@pytest.mark.parametrize(
    ("text", "date"),
    [
        ("19840301", "1984-03-01"),
        ("1984-03-01", "1984-03-01"),
        ("1984-03-01T00:00:00Z", "1984-03-01"),
        ("--0301", "--03-01"),
        ("--03-01", "--03-01"),
        ("1604-03-01", "--03-01"),
        ("1984", "1984"),
        ("1984-03", "1984-03"),
        ("around 1800", None),
        ("1984-13-40", None),
        ("", None),
    ],
)
def test_dates_of_which_parts_are_unknown(text: str, date: str | None):
    contact = vcard.read(f"BEGIN:VCARD\nVERSION:4.0\nFN:x\nBDAY:{text}\nEND:VCARD\n")
    assert contact.anniversaries == ([Anniversary(type="birth", date=date)] if date else [])
    for version in ("3.0", "4.0"):
        assert vcard.read(vcard.write(contact, version=version)).anniversaries == contact.anniversaries


def test_a_card_cut_off_is_refused_by_its_name():
    with pytest.raises(RecordRefused, match="Erika"):
        vcard.read("BEGIN:VCARD\nVERSION:3.0\nFN:Erika\n")
    with pytest.raises(RecordRefused):
        vcard.read(b"")


def test_groups_and_their_members_are_contacts_of_another_kind():
    card = (
        "BEGIN:VCARD\nVERSION:3.0\nN:Friends\nFN:Friends\nX-ADDRESSBOOKSERVER-KIND:group\n"
        "X-ADDRESSBOOKSERVER-MEMBER:urn:uuid:a\nX-ADDRESSBOOKSERVER-MEMBER:urn:uuid:b\nEND:VCARD\n"
    )
    contact = vcard.read(card)
    assert (contact.card_kind, contact.members) == ("group", ["urn:uuid:a", "urn:uuid:b"])
    assert vcard.read(vcard.write(contact, version="4.0")) == contact
    assert vcard.read(vcard.write(contact)) == contact


def test_long_lines_are_folded_at_75_octets_and_never_inside_a_character():
    written = vcard.write(Contact(uid="1", name=NameParts(full="ü€𝄞" * 40), notes=["x" * 300]))
    assert all(len(line.encode()) <= 75 for line in written.split("\r\n"))
    again = vcard.read(written)
    assert again.name is not None
    assert again.name.full == "ü€𝄞" * 40
    assert again.notes == ["x" * 300]


TEXT = st.text(alphabet=string.ascii_letters + "äß€𝄞;,:\\\"'^\n =", min_size=1, max_size=60).map(str.strip).filter(bool)
WORD = st.text(alphabet=string.ascii_letters + string.digits, min_size=1, max_size=12)
CONTACTS = st.builds(
    Contact,
    uid=WORD,
    name=st.builds(NameParts, full=TEXT),
    nicknames=st.lists(TEXT, max_size=3, unique=True),
    emails=st.lists(
        st.builds(
            lambda name, contexts, label: EmailAddress(f"{name}@example.org", contexts, label=label),
            WORD,
            st.sampled_from([[], ["private"], ["work"]]),
            st.none() | WORD,
        ),
        max_size=3,
    ),
    titles=st.lists(TEXT, max_size=2, unique=True),
    notes=st.lists(TEXT, max_size=2, unique=True),
    keywords=st.lists(TEXT, max_size=3, unique=True),
    links=st.lists(WORD.map("https://example.org/{}".format), max_size=2, unique=True),
)


@settings(deadline=None, max_examples=150)
@given(CONTACTS, st.sampled_from(["3.0", "4.0"]))
def test_any_contact_comes_back_as_it_was_written(contact: Contact, version: vcard.Version):
    assert vcard.read(vcard.write(contact, version=version)) == contact


@settings(deadline=None, max_examples=150)
@given(CONTACTS, CONTACTS)
def test_merging_gives_the_new_contact_and_keeps_foreign_lines(before: Contact, after: Contact):
    native = vcard.write(before).replace("END:VCARD", "item77.X-FOREIGN;P=1:kept\r\nitem77.X-ABLabel:also\r\nEND:VCARD")
    merged = vcard.merge(after, into=native)
    assert vcard.read(merged) == after
    assert "item77.X-FOREIGN;P=1:kept" in merged
    assert "item77.X-ABLabel:also" in merged


@settings(deadline=None, max_examples=200)
@given(st.binary(max_size=300))
def test_no_bytes_crash_the_reader(data: bytes):
    with suppress(RecordRefused):
        vcard.read(b"BEGIN:VCARD\r\n" + data + b"\r\nEND:VCARD\r\n")
