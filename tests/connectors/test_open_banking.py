"""Bank files of every format in good and bad shape."""

import zipfile
from collections.abc import Iterable
from decimal import Decimal
from pathlib import Path

import pytest
import yaml

from entrepot.core import kinds
from entrepot.core.change import BadRow, Change
from entrepot.core.errors import PersonMustFix
from entrepot.core.trade import Account, Transaction
from entrepot.protocols.archive import open_archive
from entrepot.sdk.catalog import Catalog
from entrepot.sdk.connector import Match, Options

CONNECTOR = Catalog().entry("open_banking")
FIXTURES = CONNECTOR.folder / "fixtures"
EXPECTED = yaml.safe_load((FIXTURES / "expected.yaml").read_text())


def read(path: Path, **settings: str) -> list[Change | BadRow]:
    with open_archive(path) as archive:
        return list(CONNECTOR.open_importer().read(archive, Options(settings)))


def recognise(path: Path) -> Match | None:
    with open_archive(path) as archive:
        return CONNECTOR.open_importer().recognise(archive)


def payments(found: Iterable[Change | BadRow]) -> list[Transaction]:
    return [row.data for row in found if isinstance(row, Change) and isinstance(row.data, Transaction)]


def accounts(found: Iterable[Change | BadRow]) -> list[Account]:
    return [row.data for row in found if isinstance(row, Change) and isinstance(row.data, Account)]


def refused(found: Iterable[Change | BadRow]) -> list[str]:
    return [f"{row.where}: {row.reason}" for row in found if isinstance(row, BadRow)]


def ids(found: Iterable[Change | BadRow]) -> list[str]:
    return [row.ref.id for row in found if isinstance(row, Change) and row.stream == "transactions"]


def made(folder: Path, name: str, content: str | bytes) -> Path:
    path = folder / name
    path.write_bytes(content.encode() if isinstance(content, str) else content)
    return path


@pytest.mark.parametrize("name", EXPECTED)
def test_the_fixtures_give_what_is_expected_of_them(name: str):
    found = read(FIXTURES / name)
    streams = {
        stream: sum(isinstance(r, Change) and r.stream == stream for r in found)
        for stream in ("accounts", "transactions")
    }
    assert {"streams": streams, "refused": len(refused(found))} == EXPECTED[name]
    for row in found:
        if isinstance(row, Change):
            assert row.data is not None
            assert kinds.decode(row.data.kind, kinds.encode(row.data)) == row.data


def test_each_format_is_recognised_by_its_content(tmp_path: Path):
    for name, said in (("giro.ofx", "OFX"), ("household.qif", "QIF"), ("camt053.xml", "CAMT"), ("konto.sta", "MT940")):
        renamed = made(tmp_path, f"{name}.txt", (FIXTURES / name).read_bytes())
        match = recognise(renamed)
        assert match is not None
        assert list(match.found) == [f"1 × {said}"]


@pytest.mark.parametrize(
    "content", [b"\x00\xff" * 3000, b"<?xml version='1.0'?><rss/>", b"Date,Amount\n2026-01-01,5\n", b"  \n"]
)
def test_other_files_are_not_recognised_and_refused(tmp_path: Path, content: bytes):
    path = made(tmp_path, "statement.xml", content)
    assert recognise(path) is None
    with pytest.raises(PersonMustFix, match="no bank statement"):
        read(path)


def test_a_zip_of_statements_is_read_whole_and_one_broken_file_in_it_is_a_refused_row(tmp_path: Path):
    path = tmp_path / "january.zip"
    with zipfile.ZipFile(path, "w") as archive:
        for name in EXPECTED:
            archive.write(FIXTURES / name, f"2026/{name}")
        archive.writestr(
            "2026/refused.ofx",
            "<OFX><SONRS><STATUS><CODE>15500<SEVERITY>ERROR<MESSAGE>Wrong PIN</STATUS></SONRS></OFX>",
        )
    found = read(path)
    assert len(payments(found)) == sum(expected["streams"]["transactions"] for expected in EXPECTED.values())
    assert any("refused.ofx" in reason and "Wrong PIN" in reason for reason in refused(found))


def test_equal_rows_of_one_file_are_two_bookings_and_of_two_files_one(tmp_path: Path):
    row = "D13/1/26\nT-5\nPKiosk\n^\n"
    once = read(made(tmp_path, "a.qif", "!Account\nNCash\n^\n!Type:Cash\n" + row))
    twice = read(made(tmp_path, "b.qif", "!Account\nNCash\n^\n!Type:Cash\n" + row + row))
    assert len(set(ids(twice))) == 2
    assert ids(twice)[0] == ids(once)[0]


def test_an_edited_category_or_memo_keeps_the_id(tmp_path: Path):
    before = ids(read(made(tmp_path, "a.qif", "!Type:Bank\nD13/1/26\nT-5\nPKiosk\nLFun\nMx\n^\n"), account="Giro"))
    after = ids(read(made(tmp_path, "b.qif", "!Type:Bank\nD13/1/26\nT-5\nPKiosk\nLFood\nMy\n^\n"), account="Giro"))
    assert before == after


# QIF


def test_ambiguous_dates_are_asked_for_and_read_as_said(tmp_path: Path):
    path = made(tmp_path, "a.qif", "!Type:Bank\nD01/02/26\nT5\n^\nD3/4'26\nT6\n^\n")
    with pytest.raises(PersonMustFix, match=r"01/02/26.*--set date_order=dmy"):
        read(path)
    days = {order: [p.booking_date for p in payments(read(path, date_order=order))] for order in ("dmy", "mdy", "ymd")}
    assert days["dmy"] == ["2026-02-01", "2026-04-03"]
    assert days["mdy"] == ["2026-01-02", "2026-03-04"]
    assert days["ymd"] == ["2001-02-26", "2003-04-26"]
    with pytest.raises(PersonMustFix, match="must be dmy, mdy or ymd"):
        read(path, date_order="american")


def test_one_provable_date_settles_the_whole_file(tmp_path: Path):
    path = made(tmp_path, "a.qif", "!Type:Bank\nD01/02/26\nT5\n^\nD31/01/26\nT6\n^\n")
    assert [p.booking_date for p in payments(read(path))] == ["2026-02-01", "2026-01-31"]
    same = made(tmp_path, "b.qif", "!Type:Bank\nD01/01/26\nT5\n^\n")
    assert payments(read(same))[0].booking_date == "2026-01-01"


def test_dates_that_contradict_each_other_are_asked_for_and_the_wrong_ones_refused(tmp_path: Path):
    path = made(tmp_path, "a.qif", "!Type:Bank\nD13/02/26\nT5\n^\nD02/13/26\nT6\n^\n")
    with pytest.raises(PersonMustFix, match="cannot all be read the same way"):
        read(path)
    found = read(path, date_order="dmy")
    assert [p.booking_date for p in payments(found)] == ["2026-02-13"]
    assert refused(found) == ["a.qif, line 5: 2026-13-02 is not a day (month must be in 1..12)"]


def test_currency_and_account_of_a_qif_are_the_persons_word(tmp_path: Path):
    path = made(tmp_path, "Old Giro.qif", "!Type:CCard\nD13/1/26\nT1,234.5\n^\n")
    (said,) = payments(read(path, currency="chf", account="Visa"))
    assert (said.currency, said.account, said.amount) == ("CHF", "Visa", Decimal("1234.5"))
    (unsaid,) = payments(read(path))
    assert (unsaid.currency, unsaid.account) == (None, "Old Giro")
    with pytest.raises(PersonMustFix, match="currency is a code of three letters such as EUR, not 'francs'"):
        read(path, currency="francs")


def test_the_decimal_mark_of_a_qif_is_told_from_all_its_amounts(tmp_path: Path):
    german = made(tmp_path, "de.qif", "!Type:Bank\nD13/1/26\nT1.234\n^\nD13/1/26\nT-1,5\n^\n")
    english = made(tmp_path, "en.qif", "!Type:Bank\nD13/1/26\nT1,234\n^\nD13/1/26\nT-1.5\n^\n")
    for path in (german, english):
        assert [p.amount for p in payments(read(path))] == [Decimal(1234), Decimal("-1.5")]


def test_a_qif_without_header_without_end_and_with_a_bad_amount_gives_what_it_can(tmp_path: Path):
    found = read(made(tmp_path, "a.qif", "D13/1/26\nTfive\n^\n!Type:Bank\nD14/1/26\nT5\n^\nD15/1/26\nPHalf"))
    assert [p.booking_date for p in payments(found)] == ["2026-01-14"]
    assert refused(found) == [
        "a.qif, line 1: 'five' is not an amount",
        "a.qif, line 8: the file ends in the middle of this transaction",
    ]


def test_trades_of_a_qif_have_their_direction(tmp_path: Path):
    actions = ("BuyX", "Sell", "ReinvDiv", "ShrsOut", "Div")
    rows = "".join(f"D13/1/26\nN{action}\nYFund\nI2\nQ5\nT10\n^\n" for action in actions)
    found = payments(read(made(tmp_path, "a.qif", "!Type:Invst\n" + rows)))
    assert [(t.amount, t.units) for t in found] == [(-10, 5), (10, -5), (0, 5), (0, -5), (10, 5)]
    assert found[2].extra["tradeAmount"] == "10"


# OFX

SGML = (FIXTURES / "giro.ofx").read_bytes().decode("cp1252")


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "cp1252", "cp850"])
def test_the_bytes_decide_about_the_character_set(tmp_path: Path, encoding: str):
    first = payments(read(made(tmp_path, "giro.ofx", SGML.encode(encoding))))[0]
    assert (first.counterparty, first.remittance) == ("Bäckerei Grün & Söhne", "Brötchen")


def test_a_declared_set_of_another_alphabet_is_used(tmp_path: Path):
    text = SGML.replace("CHARSET:NONE", "CHARSET:ISO-8859-2").replace("Bäckerei Grün", "Łódź")
    assert payments(read(made(tmp_path, "a.ofx", text.encode("iso8859-2"))))[
        0
    ].counterparty == "Łódź &amp; Söhne".replace("&amp;", "&")


def test_a_truncated_ofx_gives_what_is_whole_and_names_the_line_of_the_rest(tmp_path: Path):
    found = read(made(tmp_path, "a.ofx", SGML[: SGML.index("<FITID>A2")]))
    assert len(payments(found)) == 1
    assert refused(found) == ["a.ofx, line 16: the file ends in the middle of this transaction"]


def test_an_account_the_bank_refuses_is_a_refused_row(tmp_path: Path):
    text = SGML.replace(
        "<TRNUID>2<STATUS><CODE>0<SEVERITY>INFO", "<TRNUID>2<STATUS><CODE>2003<SEVERITY>ERROR<MESSAGE>Account not found"
    )
    assert any("Account not found (code 2003)" in reason for reason in refused(read(made(tmp_path, "a.ofx", text))))


def test_entities_of_a_dtd_are_never_expanded(tmp_path: Path):
    bomb = '<!DOCTYPE OFX [<!ENTITY a "ha"><!ENTITY b SYSTEM "file:///etc/passwd">]>' + SGML.replace(
        "Lohn", "&a;&b;&amp;lt;&#65;"
    )
    assert payments(read(made(tmp_path, "a.ofx", bomb)))[1].counterparty == "&a;&b;&lt;A"


def test_comments_cdata_and_bare_ampersands_are_read_as_meant(tmp_path: Path):
    text = SGML.replace("Lohn", "<!-- <NAME>no -->\n").replace(
        "<FITID>A2", "<FITID>A2<MEMO><![CDATA[a < b & c]]></MEMO><NAME>AT&T A&notes</NAME>"
    )
    second = payments(read(made(tmp_path, "a.ofx", text)))[1]
    assert (second.counterparty, second.remittance) == ("AT&T A&notes", "a < b & c")


def test_a_large_ofx_streams_and_counts_its_lines(tmp_path: Path):
    row = "<STMTTRN><TRNTYPE>DEBIT\n<DTPOSTED>20260105<TRNAMT>-1.00\n<FITID>F{}<NAME>Somebody with a name</STMTTRN>\n"
    rows = "".join(row.format(number) for number in range(30_000))
    found = read(
        made(
            tmp_path,
            "a.ofx",
            "<OFX><STMTRS><CURDEF>EUR<BANKACCTFROM><ACCTID>1</BANKACCTFROM>\n"
            + rows
            + row.format("x").replace("-1.00", "much"),
        )
    )
    assert len(set(ids(found))) == 30_000
    assert refused(found) == ["a.ofx, line 90002: 'much' is not an amount (FITID Fx)"]
