"""How much an archive may ask of us: counted while reading, because headers lie."""

import msgspec

from entrepot.core.errors import PersonMustFix


class Limits(msgspec.Struct, frozen=True):
    """`ratio` is decompressed to compressed bytes over the whole archive, judged once `ratio_from` bytes came out."""

    total_bytes: int = 1 << 40
    ratio: int = 250
    ratio_from: int = 128 << 20
    entries: int = 500_000
    name_length: int = 1024


STANDARD = Limits()


class Meter:
    """Counts what comes out of one archive; `size` is what lies on disk, None where nothing is compressed."""

    __slots__ = ("_limits", "_name", "_size", "_total")

    def __init__(self, name: str, size: int | None, limits: Limits) -> None:
        self._name = name
        self._size = size
        self._limits = limits
        self._total = 0

    def add(self, count: int) -> None:
        self._total += count
        if self._total > self._limits.total_bytes:
            raise PersonMustFix(
                f"{self._name} unpacks to more than {self._limits.total_bytes:,} bytes; reading was stopped. "
                "Unpack it yourself and give the folder with the parts you want."
            )
        if self._size is not None and self._total > max(self._limits.ratio_from, self._limits.ratio * self._size):
            raise PersonMustFix(
                f"{self._name} unpacks to more than {self._limits.ratio} times its size, as a decompression bomb does; "
                "reading was stopped. If you trust it, unpack it yourself and give the folder."
            )
