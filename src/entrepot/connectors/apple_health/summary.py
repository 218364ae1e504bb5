"""The rings of a day: what was burned, exercised and stood, with the goals of that day."""

from datetime import UTC, datetime

from entrepot.core.change import Change, Ref
from entrepot.core.life import HealthSample
from entrepot.protocols.archive_keys import key_of
from entrepot.protocols.archive_xml import Element

from .fields import number, required

STREAM = "activity_summaries"
_NOT_NUMBERS = {"dateComponents", "activeEnergyBurnedUnit", "appleMoveTimeUnit"}


def read_summary(element: Element) -> Change:
    """A summary is of a calendar day with no zone: `start` is its midnight in UTC, `metadata.date` the day itself.

    The key is the day alone, so that a later export brings the day up to date.
    """
    day = required(element, "dateComponents")
    units = {str(name): str(value) for name, value in element.attrib.items() if str(name).endswith("Unit")}
    sample = HealthSample(
        type="HKActivitySummary",
        start=datetime.strptime(day, "%Y-%m-%d").replace(tzinfo=UTC),
        metadata={"date": day, **units},
        components={
            str(name): number(str(value)) for name, value in element.attrib.items() if str(name) not in _NOT_NUMBERS
        },
    )
    return Change(STREAM, Ref(key_of(day)), sample)
