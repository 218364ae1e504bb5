"""Every bank file among the samples: how many records come out, and the ones worth a look."""

import json
import re
from decimal import Decimal
from pathlib import Path

import pytest

from entrepot.core.change import BadRow, Change
from entrepot.core.errors import PersonMustFix
from entrepot.core.trade import Account, Transaction
from entrepot.protocols.archive import open_archive
from entrepot.sdk.catalog import Catalog
from entrepot.sdk.connector import Options

# Transactions, accounts and refused rows of each file.
READ = {
    "camt/camt052.v1.xml": (1, 1, 0),
    "camt/camt052.v2.with-account-name.xml": (1, 1, 0),
    "camt/camt052.v4.xml": (1, 1, 0),
    "camt/camt052.v6.xml": (1, 1, 0),
    "camt/camt053.v2.all-balance-types.xml": (1, 1, 0),
    "camt/camt053.v2.minimal.ultimate.xml": (1, 1, 0),
    "camt/camt053.v2.multi.statement.xml": (2, 1, 0),
    "camt/camt053.v2.with-party-ids.xml": (1, 1, 0),
    "camt/camt053.v3.xml": (1, 1, 0),
    "camt/camt053.v8.xml": (1, 1, 0),
    "camt/camt054.v2.xml": (1, 1, 0),
    "camt/camt054.v8-with-UETR.xml": (1, 1, 0),
    "camt/camt054.v8.xml": (1, 1, 0),
    "mt940/171011_01234945.sta": (3, 1, 0),
    "mt940/abnamro.sta": (10, 1, 0),
    "mt940/amount_formats.sta": (0, 0, 0),
    "mt940/details_60-63.sta": (1, 1, 0),
    "mt940/gv_codes.sta": (2, 1, 0),
    "mt940/ing.sta": (7, 1, 0),
    "mt940/malformed_details.sta": (1, 1, 0),
    "mt940/mt942.sta": (3, 1, 0),
    "mt940/multiline.sta": (2, 1, 0),
    "mt940/postfinance.sta": (4, 1, 0),
    "mt940/rabobank.sta": (5, 2, 0),
    "mt940/raiffeisen-cmi.sta": (7, 1, 0),
    "mt940/sepa_snippet.sta": (11, 2, 0),
    "mt940/sparkassen.sta": (1, 0, 0),
    "mt940/statement_details.sta": (1, 0, 0),
    "mt940/triodos.sta": (2, 1, 0),
    "mt940/whitespace.sta": (1, 1, 0),
    "mt940/with_binary_character.sta": (4, 2, 0),
    "ofx/beancount__checking-emptyledgerbal.ofx": (3, 1, 0),
    "ofx/beancount__fidelity-ira.ofx": (10, 1, 0),
    "ofx/beancount__investment_buy_sell_income.ofx": (20, 1, 0),
    "ofx/beancount__vanguard401k.ofx": (6, 1, 0),
    "ofx/beancount__vanguard_xfer_in.ofx": (2, 1, 0),
    "ofx/ledger-autosync__accented_characters_latin1.ofx": (1, 1, 0),
    "ofx/ledger-autosync__checking-payee-match.ofx": (1, 1, 0),
    "ofx/ledger-autosync__comments.ofx": (2, 1, 0),
    "ofx/ledger-autosync__fidelity-one-dtsettle.ofx": (17, 1, 0),
    "ofx/ledger-autosync__income.ofx": (1, 1, 0),
    "ofx/libofx__downcast.ofx": (0, 0, 0),
    "ofx/libofx__example-listing2.xml": (2, 1, 0),
    "ofx/libofx__failing-ofx-file2.xml": (0, 0, 0),
    "ofx/libofx__null-ptr-deref-2.ofx": (0, 0, 1),
    "ofx/libofx__ofx-2.1.1-sect-13.13.ofx": (3, 1, 0),
    "ofx/libofx__ofx-2.1.1-sect-16.5.4.2.ofx": (1, 2, 0),
    "ofx/libofx__ofx-2.1.1-sect-16.5.6.5.ofx": (1, 1, 0),
    "ofx/libofx__ofx_spec201_stmtrs_example.xml": (2, 1, 0),
    "ofx/ofxparse__account_listing_aggregation.ofx": (0, 4, 0),
    "ofx/ofxparse__bank_medium.ofx": (3, 1, 0),
    "ofx/ofxparse__checking.ofx": (3, 1, 0),
    "ofx/ofxparse__date_missing.ofx": (0, 1, 3),
    "ofx/ofxparse__empty_balance.ofx": (1, 1, 0),
    "ofx/ofxparse__fidelity.ofx": (17, 1, 0),
    "ofx/ofxparse__investment_medium.ofx": (3, 1, 0),
    "ofx/ofxparse__multiple_accounts2.ofx": (0, 2, 0),
    "ofx/ofxparse__signon_success_no_message.ofx": (0, 0, 0),
    "ofx/ofxparse__td_ameritrade.ofx": (0, 1, 0),
    "ofx/ofxparse__vanguard.ofx": (1, 1, 0),
    "ofx/ofxtools__br_nubank_cc.ofx": (6, 1, 0),
    "ofx/ofxtools__stmtrs_euro.ofx": (2, 1, 0),
    "qif/gnucash__Money95bank_fr.qif": (143, 1, 0),
    "qif/gnucash__Money95mfunds_fr.qif": (3, 1, 0),
    "qif/gnucash__abc-all.qif": (10, 6, 0),
    "qif/gnucash__bogus.qif": (8, 2, 0),
    "qif/gnucash__every.qif": (164, 16, 0),
    "qif/gnucash__quicktest.qif": (47, 14, 0),
    "qif/gnucash__web.qif": (7, 1, 0),
    "qif/quiffen__test_category_inherit.qif": (0, 1, 0),
    "qif/quiffen__test_circular_reference.qif": (2, 1, 0),
    "qif/quiffen__test_nosymbol.qif": (0, 0, 0),
    "qif/quiffen__test_oth_a.qif": (7, 1, 0),
    "qif/quiffen__test_transaction_before_account_definition_1.qif": (2, 1, 0),
    "qif/quiffen__test_unknown_account_type.qif": (1, 1, 0),
}
REFUSED = {
    "ofx/libofx__heap-buffer-overflow-2.ofx": "no OFX statement",
    "ofx/ofxparse__signon_fail.ofx": "invalid identification code",
    "ofx/ofxtools__profrs.ofx": "Signon invalid",
    "csv/beancount__generic_statement.csv": "no bank statement",
    "csv/paypal.csv": "no bank statement",
    "csv/venmo.csv": "no bank statement",
}


def _read(path: Path, **settings: str) -> list[Change | BadRow]:
    with open_archive(path) as archive:
        return list(Catalog().entry("open_banking").open_importer().read(archive, Options(settings)))


def _transactions(shared: Path, name: str) -> list[Transaction]:
    found = _read(shared / "samples" / "open-banking" / name)
    return [row.data for row in found if isinstance(row, Change) and isinstance(row.data, Transaction)]


def _accounts(shared: Path, name: str) -> list[Account]:
    found = _read(shared / "samples" / "open-banking" / name)
    return [row.data for row in found if isinstance(row, Change) and isinstance(row.data, Account)]


def test_the_tables_name_every_sample(shared: Path):
    folder = shared / "samples" / "open-banking"
    files = {str(path.relative_to(folder)) for path in folder.rglob("*") if path.is_file() and path.suffix != ".json"}
    assert files == {*READ, *REFUSED}


@pytest.mark.parametrize("name", READ)
def test_a_sample_gives_so_many_transactions_accounts_and_refused_rows(shared: Path, name: str):
    found = _read(shared / "samples" / "open-banking" / name)
    changes = [row for row in found if isinstance(row, Change)]
    counts = [sum(row.stream == stream for row in changes) for stream in ("transactions", "accounts")]
    assert (*counts, len(found) - len(changes)) == READ[name]
    assert len({(row.stream, row.ref.id) for row in changes}) == len(changes)


@pytest.mark.parametrize("name", [name for name in READ if name.startswith(("ofx/", "mt940/"))])
def test_no_row_is_lost_or_invented(shared: Path, name: str):
    text = (shared / "samples" / "open-banking" / name).read_bytes()
    rows = len(re.findall(rb"<FITID>" if name.startswith("ofx/") else rb"^:61:", text, re.MULTILINE))
    transactions, _, refused = READ[name]
    assert transactions + (0 if "null-ptr" in name else refused) == rows


@pytest.mark.parametrize("name", READ)
def test_a_second_reading_gives_the_same_ids(shared: Path, name: str):
    path = shared / "samples" / "open-banking" / name
    assert _read(path) == _read(path)


@pytest.mark.parametrize(("name", "reason"), REFUSED.items())
def test_a_file_without_data_says_so(shared: Path, name: str, reason: str):
    with pytest.raises(PersonMustFix, match=reason):
        _read(shared / "samples" / "open-banking" / name)


@pytest.mark.parametrize("name", [name for name in READ if name.startswith("camt/")])
def test_camt_amounts_and_days_are_those_of_the_expected_parse(shared: Path, name: str):
    path = shared / "samples" / "open-banking" / name
    expected = json.loads(path.with_suffix(".json").read_text())["getEntries"]
    found = _transactions(shared, name)
    # Of several statements the expected parse keeps only the last one's entries.
    assert len(found) == len(expected) + ("multi.statement" in name)
    for entry, transaction in zip(expected, found[-len(expected) :], strict=True):
        money = entry["getAmount"]
        assert transaction.currency == money["getCurrency"]["getCode"]
        minor = transaction.amount * (1 if transaction.currency == "JPY" else 100)
        assert minor == Decimal(money["getAmount"])
        assert transaction.is_reversal is entry["getReversalIndicator"]
        for date, said in ((transaction.booking_date, "getBookingDate"), (transaction.value_date, "getValueDate")):
            assert date == (entry[said]["0"][:10] if isinstance(entry[said], dict) else None)


def test_camt_balances_are_those_of_the_expected_parse(shared: Path):
    name = "camt/camt053.v2.all-balance-types.xml"
    path = shared / "samples" / "open-banking" / name
    record = json.loads(path.with_suffix(".json").read_text())["getEntries"][0]["getRecord"]
    expected = sorted(Decimal(balance["getAmount"]["getAmount"]) for balance in record["getBalances"])
    (account,) = _accounts(shared, name)
    assert sorted(balance.amount * 100 for balance in account.balances) == expected


def test_an_ofx_header_that_says_ascii_does_not_spoil_french_letters(shared: Path):
    (payment,) = _transactions(shared, "ofx/ledger-autosync__accented_characters_latin1.ofx")
    assert payment.counterparty == "Virement Interac à: Jean"
    assert payment.booking_date == "2014-09-20"
    assert payment.extra["correctAction"] == "REPLACE"


def test_ofx_reads_a_comma_as_the_decimal_mark(shared: Path):
    assert [p.amount for p in _transactions(shared, "ofx/ofxtools__stmtrs_euro.ofx")] == [Decimal(-200), Decimal(-300)]


def test_ofx_dates_that_cannot_be_are_refused_with_their_line(shared: Path):
    found = _read(shared / "samples" / "open-banking" / "ofx" / "ofxparse__date_missing.ofx")
    refused = [(row.where, row.reason) for row in found if isinstance(row, BadRow)]
    assert refused[2] == (
        "ofxparse__date_missing.ofx, line 48",
        "2012-02-31 is not a day (day is out of range for month) (FITID 2000957249)",
    )
    assert "missing" in refused[0][1]


def test_empty_ofx_balances_are_left_out(shared: Path):
    for name in ("ofx/ofxparse__empty_balance.ofx", "ofx/beancount__checking-emptyledgerbal.ofx"):
        (account,) = _accounts(shared, name)
        assert all(balance.type != "CLBD" for balance in account.balances)


def test_ofx_accounts_that_share_a_file_stay_apart(shared: Path):
    accounts = _accounts(shared, "ofx/ofxparse__multiple_accounts2.ofx")
    assert [(a.number, a.balances[0].amount) for a in accounts] == [("9100", Decimal(111)), ("9200", Decimal(222))]
    listed = _accounts(shared, "ofx/ofxparse__account_listing_aggregation.ofx")
    assert {a.name for a in listed} == {"USAA SAVINGS", "FOUR STAR CHECKING", "LINE OF CREDIT", "MY CREDIT CARD"}


def test_ofx_trades_have_security_units_price_and_fees(shared: Path):
    trade = _transactions(shared, "ofx/ledger-autosync__fidelity-one-dtsettle.ofx")[0]
    assert (trade.security, trade.units, trade.unit_price, trade.fees, trade.amount) == (
        "458140100",
        Decimal(100),
        Decimal("25.635"),
        Decimal("7.95"),
        Decimal("-2571.45"),
    )
    assert trade.extra == {"securityName": "INTEL CORP", "ticker": "INTC"}
    moved = _transactions(shared, "ofx/beancount__vanguard_xfer_in.ofx")
    assert [(m.units, m.amount) for m in moved] == [(Decimal("223.828"), 0), (Decimal("612.584"), 0)]


def test_equal_fitids_are_told_apart_by_day_and_amount(shared: Path):
    found = _transactions(shared, "ofx/libofx__example-listing2.xml")
    assert [(p.counterparty, p.amount) for p in found] == [
        ("GROCER A & Z", Decimal("-98.91")),
        ("DEPOSIT    00000000", Decimal("308.86")),
    ]


def test_qif_in_cp1252_has_its_accents_splits_and_the_account_of_its_opening_balance(shared: Path):
    found = _transactions(shared, "qif/gnucash__Money95bank_fr.qif")
    assert {p.account for p in found} == {"Compte courant"}
    assert found[1].category == "Loisirs:Canal Plus-Câble"
    assert [s.amount for s in found[2].splits] == [Decimal(-68), Decimal(-75), Decimal(-357)]
    transfer = next(p for p in found if p.memo == "Economies")
    assert (transfer.counterparty_account, transfer.category) == ("Livret bleu", None)


def test_qif_years_since_1900_apostrophes_and_iso_dates_are_understood(shared: Path):
    assert _transactions(shared, "qif/gnucash__web.qif")[0].booking_date == "1999-03-25"
    assert _transactions(shared, "qif/quiffen__test_oth_a.qif")[1].booking_date == "2020-02-14"
    iso = _transactions(shared, "qif/quiffen__test_transaction_before_account_definition_1.qif")
    assert [p.booking_date for p in iso] == ["2022-09-23", "2022-09-08"]
    assert _transactions(shared, "qif/quiffen__test_unknown_account_type.qif")[0].booking_date == "2001-01-01"


def test_mt940_in_a_dos_character_set_has_its_hungarian_letters(shared: Path):
    found = _transactions(shared, "mt940/raiffeisen-cmi.sta")
    assert found[0].memo == "Csoportos átutalás jóváírása"
    assert "összevont utánvét" in found[0].remittance
    assert found[0].amount == Decimal("2066637.00")


def test_mt940_subfields_become_the_other_party_and_what_was_written(shared: Path):
    first = _transactions(shared, "mt940/sepa_snippet.sta")[0]
    assert (first.counterparty_account, first.counterparty_agent) == ("DE14508800500194785000", "DRESDEFF508")
    assert first.end_to_end_id == "EndToEndId TFNR 22 004 00001"
    assert first.remittance == "Verw CTSc-01 BC-PPP TFNr 22 004"
    assert (first.booking_date, first.value_date) == ("2007-09-04", "2007-09-07")


def test_mt940_broken_after_65_characters_is_mended(shared: Path):
    (payment,) = _transactions(shared, "mt940/sparkassen.sta")
    assert (payment.amount, payment.remittance, payment.account) == (Decimal(30), "Test", None)
    assert _transactions(shared, "mt940/rabobank.sta")[0].counterparty == "W.P. Jansen"
