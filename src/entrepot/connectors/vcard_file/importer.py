"""vCard files: contacts as every address book exports them, with their pictures."""

from collections import Counter
from collections.abc import Iterator, Sequence
from hashlib import blake2b

from entrepot.core.change import BadRow, Change, Ref
from entrepot.core.errors import RecordRefused
from entrepot.protocols import vcard
from entrepot.protocols.archive_text import open_utf8
from entrepot.protocols.component_stream import Block, blocks
from entrepot.sdk.archive import Archive, Entry
from entrepot.sdk.connector import Match, Options

STREAM = "contacts"
LONGEST_UID = 500
_PATTERNS = ("*.vcf", "*.vcard")
_SIGN = b"BEGIN:VCARD"


class VcardFile:
    def recognise(self, archive: Archive) -> Match | None:
        found = _cards(archive)
        if not found:
            return None
        others = sum(1 for _ in archive.entries()) > len(found)
        return Match(0.4 if others else 0.9, found=[f"{len(found)} vCard file{'s' if len(found) > 1 else ''}"])

    def read(self, archive: Archive, options: Options) -> Iterator[Change | BadRow]:  # noqa: ARG002 - there are none
        """A card without UID is known by its content: the same twice is one contact, a changed one is another."""
        repeated: Counter[str] = Counter()
        for entry in _cards(archive):
            with open_utf8(entry) as stream:
                cards = (block for block in blocks(stream, ["VCARD"]) if block.name)
                for number, block in enumerate(cards, start=1):
                    change = _read(block, f"{entry.name}: card {number}")
                    if isinstance(change, BadRow):
                        yield change
                        continue
                    repeated[change.ref.id] += 1
                    if repeated[change.ref.id] == 1:
                        yield change


def _cards(archive: Archive) -> Sequence[Entry]:
    named = list(archive.entries(*_PATTERNS)) or list(archive.entries())[:2]
    if len(named) == 2 and not any(entry.name.lower().endswith((".vcf", ".vcard")) for entry in named):
        return []
    return [entry for entry in named if _SIGN in entry.head(512).replace(b"\x00", b"").upper()]


def _read(block: Block, where: str) -> Change | BadRow:
    if block.fault:
        return BadRow(STREAM, where, f"The card is broken: {block.fault}.")
    try:
        card = vcard.read_card(block.data)
    except RecordRefused as why:
        return BadRow(STREAM, where, why.message)
    uid = card.data.uid or ""
    name = uid if 0 < len(uid) <= LONGEST_UID else _hashed(uid.encode() or block.data.strip())
    files = (card.photo,) if card.photo else ()
    return Change(STREAM, Ref(name), card.data, block.data, files=files)


def _hashed(data: bytes) -> str:
    return blake2b(data, digest_size=16).hexdigest()
