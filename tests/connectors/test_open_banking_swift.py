"""CAMT and MT940 in good and bad shape."""

import re
from collections.abc import Callable, Iterable
from decimal import Decimal
from pathlib import Path

import pytest

from entrepot.core.change import BadRow, Change
from entrepot.core.errors import PersonMustFix
from entrepot.core.trade import Account, Transaction
from entrepot.protocols.archive import open_archive
from entrepot.sdk.catalog import Catalog
from entrepot.sdk.connector import Options

CONNECTOR = Catalog().entry("open_banking")
CAMT = (CONNECTOR.folder / "fixtures" / "camt053.xml").read_text()
MT940 = (CONNECTOR.folder / "fixtures" / "konto.sta").read_text()


def read(folder: Path, name: str, content: str | bytes) -> list[Change | BadRow]:
    path = folder / name
    path.write_bytes(content.encode() if isinstance(content, str) else content)
    with open_archive(path) as archive:
        return list(CONNECTOR.open_importer().read(archive, Options()))


def payments(found: Iterable[Change | BadRow]) -> list[Transaction]:
    return [row.data for row in found if isinstance(row, Change) and isinstance(row.data, Transaction)]


def refused(found: Iterable[Change | BadRow]) -> list[str]:
    return [f"{row.where}: {row.reason}" for row in found if isinstance(row, BadRow)]


def ids(found: Iterable[Change | BadRow]) -> list[str]:
    return [row.ref.id for row in found if isinstance(row, Change) and row.stream == "transactions"]


def test_a_batch_that_adds_up_is_split_and_any_other_stays_one(tmp_path: Path):
    assert [p.amount for p in payments(read(tmp_path, "a.xml", CAMT))] == [Decimal(150), Decimal(250), Decimal(-50)]
    charged = payments(
        read(
            tmp_path,
            "b.xml",
            CAMT.replace(
                ">250.00</Amt><CdtDbtInd>CRDT</CdtDbtInd><RltdPties>",
                ">249.00</Amt><CdtDbtInd>CRDT</CdtDbtInd><RltdPties>",
            ),
        )
    )
    assert [p.amount for p in charged] == [Decimal(400), Decimal(-50)]
    assert charged[0].extra["details"] == [
        {
            "amount": "150.00",
            "currency": "CHF",
            "debtor": "Müller AG",
            "remittance": "Rechnung 1",
            "endToEndId": "NOTPROVIDED",
        },
        {"amount": "249.00", "currency": "CHF", "debtor": "Huber AG", "endToEndId": "E-2"},
    ]


def test_a_reversal_keeps_the_sign_of_its_indicator_and_the_parties_of_the_original(tmp_path: Path):
    reversal = payments(read(tmp_path, "a.xml", CAMT))[2]
    assert (reversal.amount, reversal.is_reversal, reversal.counterparty) == (Decimal(-50), True, "Payer")
    assert reversal.booking_date == "2026-01-31"


def test_the_same_booking_in_report_and_statement_has_one_id_and_the_statement_wins(tmp_path: Path):
    report = CAMT.replace("camt.053.001.08", "camt.052.001.06").replace("BkToCstmrStmt", "BkToCstmrAcctRpt")
    report = report.replace("<Stmt>", "<Rpt>").replace("</Stmt>", "</Rpt>").replace("<Cd>BOOK<", "<Cd>PDNG<")
    assert {p.status for p in payments(read(tmp_path, "a.xml", report))} == {"PDNG"}
    assert ids(read(tmp_path, "a.xml", report)) == ids(read(tmp_path, "b.xml", CAMT))
    both = tmp_path / "both"
    both.mkdir()
    read(both, "a.xml", report)
    read(both, "b.xml", CAMT)
    with open_archive(both) as archive:
        found = list(CONNECTOR.open_importer().read(archive, Options()))
    assert [p.status for p in payments(found)] == ["BOOK"] * 3


@pytest.mark.parametrize(
    "change",
    [
        lambda text: re.sub(r"<(/?)(?=[A-Z])", r"<\1n:", text).replace("xmlns=", "xmlns:n="),
        lambda text: text.replace(' xmlns="urn:iso:std:iso:20022:tech:xsd:camt.053.001.08"', ""),
        lambda text: text.replace("<Sts><Cd>BOOK</Cd></Sts>", "<Sts>BOOK</Sts>"),
    ],
)
def test_prefixes_missing_namespaces_and_old_tags_are_read_alike(tmp_path: Path, change: Callable[[str], str]):
    assert payments(read(tmp_path, "a.xml", change(CAMT))) == payments(read(tmp_path, "b.xml", CAMT))


@pytest.mark.parametrize(
    ("declared", "encoding"),
    [("UTF-8", "cp1252"), ("ISO-8859-1", "utf-8"), ("UTF-16", "utf-16"), ("UTF-8", "utf-8-sig"), ("ISO-8859-1", "latin-1")],
)  # fmt: skip
def test_a_declaration_may_lie_about_the_encoding(tmp_path: Path, declared: str, encoding: str):
    text = CAMT.replace('encoding="UTF-8"', f'encoding="{declared}"')
    assert payments(read(tmp_path, "a.xml", text.encode(encoding)))[0].counterparty == "Müller AG"


def test_a_truncated_statement_gives_what_came_before_and_says_where_it_broke(tmp_path: Path):
    found = read(tmp_path, "a.xml", CAMT[: CAMT.index("B-2")])
    assert len(payments(found)) == 2
    assert "What follows in this file was not read." in refused(found)[0]
    with pytest.raises(PersonMustFix, match="not well-formed"):
        read(tmp_path, "b.xml", CAMT[: CAMT.index("<Acct>")])


@pytest.mark.parametrize(
    "dtd",
    [
        '<!DOCTYPE d [<!ENTITY a "ha"><!ENTITY b "&a;&a;&a;&a;"><!ENTITY c "&b;&b;&b;&b;">]>',
        '<!DOCTYPE d [<!ENTITY c SYSTEM "file:///etc/passwd">]>',
    ],
)
def test_bombs_and_external_entities_are_refused(tmp_path: Path, dtd: str):
    text = CAMT.replace("<Document", f"{dtd}<Document").replace("Rechnung 1", "&c;")
    with pytest.raises(PersonMustFix, match="entities"):
        read(tmp_path, "a.xml", text)


def test_entries_that_cannot_be_are_refused_and_the_rest_is_read(tmp_path: Path):
    found = read(
        tmp_path,
        "a.xml",
        CAMT.replace("2026-02-01</Dt></ValDt>", "2026-02-30</Dt></ValDt>").replace(">50.00<", ">NaN<"),
    )
    assert payments(found) == []
    assert [reason.split(": ", 1)[1] for reason in refused(found)] == [
        "2026-02-30 is not a day (day is out of range for month)",
        "'NaN' is not an amount",
        "it does not say whether it is a credit or a debit (CdtDbtInd)",
    ]


def test_entries_without_any_reference_are_numbered_when_equal(tmp_path: Path):
    entry = "<Ntry><Amt Ccy='CHF'>1.23456</Amt><CdtDbtInd>CRDT</CdtDbtInd><BookgDt><Dt>2026-01-31</Dt></BookgDt></Ntry>"
    text = f"<Document><BkToCstmrStmt><Stmt>{entry}{entry}</Stmt></BkToCstmrStmt></Document>"
    found = read(tmp_path, "a.xml", text)
    assert len(set(ids(found))) == 2
    assert payments(found)[0].amount == Decimal("1.23456")


def test_30_february_is_refused_with_its_line_and_the_rest_goes_on(tmp_path: Path):
    found = read(tmp_path, "a.sta", MT940)
    assert refused(found) == ["a.sta, line 9: 2026-02-30 is not a day (day is out of range for month)"]
    assert [p.amount for p in payments(found)] == [Decimal("-12.3"), Decimal("-1.5")]


def test_an_entry_date_over_new_year_gets_the_right_year(tmp_path: Path):
    rows = ":20:X\n:25:1\n:61:2512310102C1,NTRFNONREF\n:61:2601021231C1,NTRFNONREF\n:61:2402290229C1,NTRFNONREF\n"
    days = [(p.booking_date, p.value_date) for p in payments(read(tmp_path, "a.sta", rows))]
    assert days == [("2026-01-02", "2025-12-31"), ("2025-12-31", "2026-01-02"), ("2024-02-29", "2024-02-29")]


@pytest.mark.parametrize(
    ("mark", "amount", "is_reversal"),
    [("C", 1, False), ("D", -1, False), ("RC", -1, True), ("RD", 1, True), ("CR", 1, False), ("DR", -1, False)],
)
def test_marks_say_the_direction(tmp_path: Path, mark: str, amount: int, is_reversal: bool):
    (found,) = payments(read(tmp_path, "a.sta", f":20:X\n:25:1\n:60F:C260101EUR0,\n:61:260105{mark}1,00NTRFNONREF\n"))
    assert (found.amount, found.is_reversal, found.currency) == (amount, is_reversal, "EUR")


def test_a_swift_envelope_and_dutch_words_are_understood(tmp_path: Path):
    text = (
        "{1:F01EXAMNL2A}{2:O940}{4:\r\n:20:X\r\n:25:NL91ABNA0417164300\r\n:60F:D260101EUR5,\r\n:61:2601050105D7,25NTRFEREF//B1\r\n"
        ":86:/TRTP/SEPA OVERBOEKING/IBAN/NL26VAYB8060476890/BIC/VAYBNL2A/NAME/\r\nBakker/REMI/Brood/EREF/NOTPROVIDED\r\n:62F:D260105EUR12,25\r\n-}"
    )
    found = read(tmp_path, "a.sta", text)
    (payment,) = payments(found)
    assert (payment.counterparty, payment.counterparty_account, payment.remittance) == (
        "Bakker",
        "NL26VAYB8060476890",
        "Brood",
    )
    assert payment.end_to_end_id is None
    (account,) = [row.data for row in found if isinstance(row, Change) and isinstance(row.data, Account)]
    assert [(b.type, b.amount) for b in account.balances] == [("CLBD", Decimal("-12.25")), ("OPBD", Decimal(-5))]


def test_lines_that_are_none_are_refused_and_details_of_a_statement_belong_to_no_transaction(tmp_path: Path):
    found = read(
        tmp_path,
        "a.sta",
        ":20:X\n:25:1\n:61:nonsense\n:86:lost\n:61:260105C1,NTRF\n:62F:C2601EUR\n:86:closing words\n:25:\n",
    )
    assert [p.remittance for p in payments(found)] == [""]
    assert [reason.split(": ", 1)[1] for reason in refused(found)] == [
        "'nonsense' is not a statement line (:61:)",
        ":62F: 'C2601EUR' is not a balance",
        "the account has no number (:25:)",
    ]
