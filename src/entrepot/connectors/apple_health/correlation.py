"""Correlations: a blood pressure is one sample of two numbers, a meal names its food.

Health lists the records inside a correlation once more by themselves, mostly before it.
"""

from collections import Counter, defaultdict
from collections.abc import Iterator

from entrepot.core.change import Change, Ref
from entrepot.core.life import HealthSample
from entrepot.protocols.archive_keys import key_of
from entrepot.protocols.archive_xml import Element

from .fields import device_name, instant, notes, number, required, second
from .keys import NearKeys
from .names import DIASTOLIC, MEASURES, SYSTOLIC
from .sample import STREAM, identity, read_sample

PRESSURE = "HKCorrelationTypeIdentifierBloodPressure"
MOST_HELD = 100_000
_PARTS = {SYSTOLIC: "systolic", DIASTOLIC: "diastolic"}
_FOOD = "HKFoodType"


class Pressures:
    """Holds single pressures back until it is known whether they are part of a reading."""

    def __init__(self) -> None:
        self._held: defaultdict[tuple[str, ...], list[Change]] = defaultdict(list)
        self._count = 0
        self._owed: Counter[tuple[str, ...]] = Counter()

    def hold(self, record: Element, keys: NearKeys) -> bool:
        """True where the record was taken: it is a pressure, given later or never."""
        if record.get("type") not in _PARTS or self._count >= MOST_HELD:
            return False
        known = identity(record)
        if self._owed[known]:
            self._owed[known] -= 1
            return True
        self._held[known].append(read_sample(record, keys))
        self._count += 1
        return True

    def belongs_to_reading(self, record: Element) -> None:
        known = identity(record)
        if held := self._held.get(known):
            held.pop()
            self._count -= 1
        elif len(self._owed) < MOST_HELD:
            self._owed[known] += 1

    def left_over(self) -> Iterator[Change]:
        for held in self._held.values():
            yield from held


def read_correlation(element: Element, pressures: Pressures) -> Change:
    measure, source = required(element, "type"), element.get("sourceName", "")
    start, end = instant(required(element, "startDate")), instant(required(element, "endDate"))
    records = list(element.iterchildren("Record"))
    metadata, device, version = notes(element), element.get("device"), element.get("sourceVersion")
    components: dict[str, float] = {}
    if measure == PRESSURE:
        components = {
            _PARTS[kind]: number(required(record, "value"))
            for record in records
            if (kind := record.get("type")) in _PARTS
        }
        for record in records:
            pressures.belongs_to_reading(record)
    sample = HealthSample(
        type=MEASURES.get(measure, measure),
        start=start,
        end=end,
        text=metadata.get(_FOOD),
        unit=records[0].get("unit") if components else None,
        source=source or None,
        device=device_name(device) if device else None,
        metadata=metadata,
        components=components,
        extra={"sourceVersion": version} if version else {},
    )
    values = [f"{name}={value}" for name, value in sorted(components.items())]
    key = key_of(measure, source, second(start), second(end), metadata.get(_FOOD, ""), *values)
    return Change(STREAM, Ref(key), sample)
