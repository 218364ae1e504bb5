"""What `:86:` tells about a transaction: numbered subfields (German), `/WORDS/` (Dutch), or free text."""

import re
from collections.abc import Mapping, Sequence
from typing import Any

FULL_LINE = 62
"""From here on a line was probably cut by its length (65), so that the next one goes on in the middle of a word."""
FULL_SUBFIELD = 27
_CODED = re.compile(r"(\d{3})([?>~@#^|*&])(?=\d\d)").match
_SEPA = re.compile(r"((?:EREF|KREF|MREF|CRED|DEBT|COAM|OAMT|SVWZ|ABWA|ABWE|IBAN|BIC)\+|MTLG:)")
_WORDS = re.compile(
    r"/(TRTP|TYPE|IBAN|BIC|NAME|REMI|EREF|IREF|PREF|MARF|CSID|ORDP|BENM|ISDT|PURP|CNTP|CDTRREFTP|CDTRREF|RTRN|ACCW|ADDR|ID"
    r"|SVCL|ULTD|ULTB|ULTC|OCMT|EXCH|CHGS\d?)/"
)
_PURPOSES = tuple(f"{code:02}" for code in range(20, 30))
_MORE_PURPOSES = ("60", "61", "62", "63")
_NO_REFERENCE = frozenset({"NOTPROVIDED", "NONREF", ""})


Details = dict[str, Any]
"""Fields of a transaction by name; blank where nothing was said."""


def details_of(told: Sequence[str]) -> Details:
    """`told` holds the texts of the `:86:` fields of one transaction, with their line breaks."""
    first = told[0].strip()
    coded = _CODED(first)
    if coded is not None and len(told) == 1:
        return _from_subfields(_unbroken(first), coded[2], coded[1])
    plain = _unbroken(first)
    if len(told) == 1 and (plain.startswith("/") or _WORDS.match(plain)) and len(_WORDS.findall(plain)) > 1:
        return _from_words(plain)
    text = " ".join(" ".join(_lines_joined(one).split()) for one in told)
    return _details(text)


def _details(
    remittance: str, name: str = "", account: str = "", agent: str = "", reference: str = "", **extra: str
) -> Details:
    return {
        "remittance": remittance,
        "counterparty": name,
        "counterparty_account": account,
        "counterparty_agent": agent,
        "end_to_end_id": None if reference.upper() in _NO_REFERENCE else reference,
        "extra": {key: value for key, value in extra.items() if value},
    }


def _from_subfields(text: str, mark: str, code: str) -> Details:
    found: dict[str, str] = {}
    for part in re.split(re.escape(mark) + r"(?=\d\d)", text)[1:]:
        found[part[:2]] = found.get(part[:2], "") + part[2:]
    purpose, more = _joined(found, _PURPOSES), _joined(found, _MORE_PURPOSES)
    if "29" in found:
        purpose, more = purpose + more, ""
    words = _sepa(purpose)
    return _details(
        " ".join(filter(None, (words["SVWZ"], more.strip()))),
        name=" ".join(_joined(found, ("32", "33")).split()),
        account=found.get("31", words.get("IBAN", "")).strip(),
        agent=found.get("30", words.get("BIC", "")).strip(),
        reference=words.get("EREF", ""),
        postingText=found.get("00", "").strip(),
        gvc=code,
        mandateId=words.get("MREF", ""),
        creditorId=words.get("CRED", ""),
        otherParty=words.get("ABWA", words.get("ABWE", "")),
    )


def _sepa(purpose: str) -> dict[str, str]:
    parts = _SEPA.split(purpose)
    words = {name[:-1]: value.strip() for name, value in zip(parts[1::2], parts[2::2], strict=True)}
    words.setdefault("SVWZ", words.get("MTLG", parts[0].strip()))
    return words


def _from_words(text: str) -> Details:
    parts = _WORDS.split(text)
    words: Mapping[str, str] = {
        name: value.strip("/ ") for name, value in zip(parts[1::2], parts[2::2], strict=True) if value.strip("/ ")
    }
    account, agent, name = (*words.get("CNTP", "").split("/"), "", "", "")[:3]
    return _details(
        words.get("REMI", "").removeprefix("USTD//"),
        name=words.get("NAME", name),
        account=words.get("IBAN", account),
        agent=words.get("BIC", agent),
        reference=words.get("EREF", ""),
        postingText=words.get("TRTP", ""),
        mandateId=words.get("MARF", ""),
        creditorId=words.get("CSID", ""),
        creditorReference=words.get("CDTRREF", ""),
    )


def _joined(found: Mapping[str, str], codes: Sequence[str]) -> str:
    """A subfield that is not full ended where the bank wanted it to; a full one goes on in the next."""
    parts = [found[code] for code in codes if code in found]
    return "".join(part if len(part) >= FULL_SUBFIELD else part + " " for part in parts)


def _lines_joined(text: str) -> str:
    return "".join(line if len(line) >= FULL_LINE else line + " " for line in text.split("\n"))


def _unbroken(text: str) -> str:
    return text.replace("\n", "")
