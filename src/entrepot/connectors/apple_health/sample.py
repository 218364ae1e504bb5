"""A `Record` (one measurement) as a health sample. This is the hot path: an export holds millions of them."""

from entrepot.core.change import Change, Ref
from entrepot.core.life import HealthSample
from entrepot.protocols.archive_xml import Element

from .fields import device_name, instant, notes, number, required, second
from .keys import NearKeys
from .names import MEASURES

STREAM = "samples"
_SLEEP = "HKCategoryValueSleepAnalysis"
_CATEGORY = "HKCategoryValue"
_BEATS = "HeartRateVariabilityMetadataList"


def identity(record: Element) -> tuple[str, str, str, str, str]:
    """What makes a sample itself: type, source, start and end as UTC, value. The device's address is not in it."""
    return (
        required(record, "type"),
        record.get("sourceName", ""),
        second(instant(required(record, "startDate"))),
        second(instant(record.get("endDate") or required(record, "startDate"))),
        record.get("value", ""),
    )


def read_sample(record: Element, keys: NearKeys) -> Change:
    measure, started = required(record, "type"), required(record, "startDate")
    ended = record.get("endDate") or started
    start = instant(started)
    end = start if ended == started else instant(ended)
    written, source, version = record.get("value", ""), record.get("sourceName", ""), record.get("sourceVersion")
    value, text = _value(measure, written)
    device = record.get("device")
    has_more = len(record) > 0
    extra: dict[str, object] = {"sourceVersion": version} if version else {}
    if has_more and (beats := record.find(_BEATS)) is not None:
        extra["beats"] = [dict(beat.attrib) for beat in beats]
    sample = HealthSample(
        type=MEASURES.get(measure, measure),
        start=start,
        end=end,
        value=value,
        text=text,
        unit=record.get("unit"),
        source=source or None,
        device=device_name(device) if device else None,
        metadata=notes(record) if has_more else {},
        extra=extra,
    )
    return Change(STREAM, Ref(keys.key_of(measure, source, second(start), second(end), written)), sample)


def _value(measure: str, written: str) -> tuple[float | None, str | None]:
    """Quantities are numbers; categories (sleep stages, symptoms) are words, shown without Health's prefix."""
    if measure.startswith("HKQuantityType"):
        return number(written), None
    return None, written.removeprefix(_SLEEP).removeprefix(_CATEGORY) or None
