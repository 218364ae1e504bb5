"""Bank statement files: OFX and QFX, QIF, CAMT.052/053/054, MT940 and MT942, told apart by their first bytes."""

import re
from collections.abc import Callable, Iterator, Sequence

from entrepot.core.change import BadRow, Change
from entrepot.core.errors import PersonMustFix
from entrepot.protocols.archive_damage import unreadable
from entrepot.protocols.archive_keys import Once
from entrepot.sdk.archive import Archive, Entry
from entrepot.sdk.connector import Match, Options

from .camt import read_camt
from .figures import currency_of
from .ledger import TRANSACTIONS, Ledger
from .mt940 import read_mt940
from .ofx import read_ofx
from .qif import read_qif
from .source import Source, source_of

Read = Callable[[Source, Ledger], Iterator[Change | BadRow]]

_NAMES = (
    "*.ofx", "*.qfx", "*.qif", "*.xml", "*.sta", "*.mt940", "*.mt942", "*.940", "*.942", "*.swi", "*.swift", "*.camt",
    "*.camt05[234]", "*.c5[234]", "*.053", "*.052", "*.054", "*.txt", "*.fin",
)  # fmt: skip
_FORMATS: Sequence[tuple[str, re.Pattern[str], Read]] = (
    ("CAMT", re.compile(r"camt\.05[234]\.|<(?:\w+:)?BkToCstmr(?:Stmt|AcctRpt|DbtCdtNtfctn)\b"), read_camt),
    ("OFX", re.compile(r"OFXHEADER|<OFX\b|<\?OFX|<(?:STATUS|CCACCTFROM|OFXUSERKEY)"), read_ofx),
    ("QIF", re.compile(r"^\s*!(?:type|account|option|clear)\b", re.IGNORECASE | re.MULTILINE), read_qif),
    ("MT940", re.compile(r"^(?:\{4:)?\s*:(?:20:|25:|60[FM]:|61:\d{6})", re.MULTILINE), read_mt940),
)
_INTRADAY = re.compile(rb"camt\.052\.|BkToCstmrAcctRpt")
_MOST_LOOKED_AT = 400


class OpenBanking:
    def recognise(self, archive: Archive) -> Match | None:
        found: dict[str, int] = {}
        for number, entry in enumerate(_candidates(archive)):
            known = _format_of(entry) if number < _MOST_LOOKED_AT else None
            if known is not None:
                found[known[0]] = found.get(known[0], 0) + 1
        if not found:
            return None
        return Match(score=0.95, found=[f"{count} × {name}" for name, count in sorted(found.items())])

    def read(self, archive: Archive, options: Options) -> Iterator[Change | BadRow]:
        """Transactions of one file after another, reports after statements; then the accounts."""
        _check(options)
        ledger = Ledger()
        once = Once()
        entries = [(entry, known) for entry in _candidates(archive) if (known := _format_of(entry)) is not None]
        if not entries:
            raise PersonMustFix(f"{archive.name} holds no bank statement (OFX, QFX, QIF, CAMT, MT940 or MT942).")
        for entry, (_, read) in sorted(entries, key=lambda found: _is_intraday(found[0])):
            yield from once.of(_read_file(entry, read, ledger, options, is_alone=len(entries) == 1))
        yield from ledger.changes()
        yield from unreadable(archive.entries(), TRANSACTIONS)


def _check(options: Options) -> None:
    currency = options.values.get("currency", "")
    if currency and currency_of(currency) is None:
        raise PersonMustFix(f"currency is a code of three letters such as EUR, not {currency!r}.")


def _read_file(
    entry: Entry, read: Read, ledger: Ledger, options: Options, *, is_alone: bool
) -> Iterator[Change | BadRow]:
    """A file nobody can read ends an import of it alone; among others, or after some records, it is one bad row."""
    has_yielded = False
    try:
        for change in read(source_of(entry, options.values), ledger):
            has_yielded = True
            yield change
    except PersonMustFix as error:
        if is_alone and not has_yielded:
            raise
        rest = " What follows in this file was not read." if has_yielded else ""
        yield BadRow(TRANSACTIONS, entry.name, error.message + rest)


def _candidates(archive: Archive) -> Iterator[Entry]:
    entries = list(archive.entries(*_NAMES))
    if entries:
        return iter(entries)
    every = archive.entries("*")
    only = next(every, None)
    return iter([only] if only is not None and next(every, None) is None else [])


def _is_intraday(entry: Entry) -> bool:
    return _INTRADAY.search(entry.head()) is not None


def _format_of(entry: Entry) -> tuple[str, Read] | None:
    head = entry.head()
    if head.startswith((b"\xff\xfe", b"\xfe\xff")):
        text = head[: len(head) // 2 * 2].decode("utf-16", "replace")
    else:
        text = head.decode("latin-1").removeprefix("\xef\xbb\xbf")
    return next(((name, read) for name, pattern, read in _FORMATS if pattern.search(text.replace("\r", "\n"))), None)
