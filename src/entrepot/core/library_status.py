"""Where somebody stands with a title: the hub's status and MyAnimeList's and Kitsu's, both ways.

They say by a flag beside the status that it is not the first time through.
"""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Any, Literal

import msgspec

from entrepot.core.lens import Lens, LensError, shown

Status = Literal["current", "planned", "completed", "paused", "dropped", "repeating"]


class StatusTable(msgspec.Struct, frozen=True):
    """`words` without a second time through; `again` is what that is written as, word and flag."""

    name: str
    words: Mapping[str, Status]
    again: tuple[str, bool]

    def pull(self, word: object, again: object = None) -> Status:
        """`again` is the flag, where the service has one."""
        found = self.words.get(word) if isinstance(word, str) else None
        if found is None:
            raise LensError(f"{shown(word)} is not a status of {self.name}")
        if again is True and found in {"current", "completed"}:
            return "repeating"
        return found

    def push(self, status: Status) -> tuple[str, bool]:
        """The word and the flag to write."""
        if status == "repeating":
            return self.again
        for word, meant in self.words.items():
            if meant == status:
                return word, False
        raise LensError(f"{shown(status)} is not a status")

    def lens(self) -> Lens:
        """Of the two places together, word and flag."""

        def write(value: Any) -> tuple[str, bool]:
            return self.push(value)

        return Lens(f"status of {self.name}", lambda natives: self.pull(*natives), write)


_LIST_WORDS: Mapping[str, Status] = {
    "completed": "completed",
    "on_hold": "paused",
    "dropped": "dropped",
}
MYANIMELIST_ANIME = StatusTable(
    "MyAnimeList",
    MappingProxyType[str, Status]({"watching": "current", "plan_to_watch": "planned", **_LIST_WORDS}),
    ("completed", True),
)
"""The flag is `is_rewatching`."""
MYANIMELIST_MANGA = StatusTable(
    "MyAnimeList",
    MappingProxyType[str, Status]({"reading": "current", "plan_to_read": "planned", **_LIST_WORDS}),
    ("completed", True),
)
"""The flag is `is_rereading`."""
KITSU = StatusTable(
    "Kitsu",
    MappingProxyType[str, Status]({"current": "current", "planned": "planned", **_LIST_WORDS}),
    ("current", True),
)
"""The flag is `reconsuming`."""

STATUSES: Mapping[str, StatusTable] = MappingProxyType(
    {"myanimelist_anime": MYANIMELIST_ANIME, "myanimelist_manga": MYANIMELIST_MANGA, "kitsu": KITSU}
)
"""What `statuses` of a line names."""
