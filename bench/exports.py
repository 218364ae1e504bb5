"""Export files of any size in the layouts people get: made-up rows, each another, the same at every run."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from itertools import count
from pathlib import Path
from types import MappingProxyType
from zipfile import ZIP_DEFLATED, ZipFile

START = datetime(2019, 1, 1, 6, tzinfo=UTC)
SPOTIFY_FILE = 12_500_000
_CHUNK = 500


def netflix(folder: Path, size: int) -> Path:
    """The full download's viewing activity; the short file has the same reader with less to read."""
    made = folder / "ViewingActivity.csv"
    head = (
        "Profile Name,Start Time,Duration,Attributes,Title,Supplemental Video Type,"
        "Device Type,Bookmark,Latest Bookmark,Country\n"
    )
    write(made, size, Layout(_viewing, head))
    return made


def spotify(folder: Path, size: int) -> Path:
    """The extended history, in files of the size the service cuts them to."""
    made = folder / "Spotify Extended Streaming History"
    made.mkdir()
    first = 0
    for number in count():
        if size <= 0:
            return made
        file = made / f"Streaming_History_Audio_20{19 + number % 8}_{number}.json"
        part = min(size, SPOTIFY_FILE)
        first = write(file, part, Layout(_play, "[\n", ",\n", "\n]\n"), first)
        size -= part
    return made


def apple_health(folder: Path, size: int) -> Path:
    """export.xml with its document type, as phones of 2022 and later write it (but whole)."""
    made = folder / "apple_health_export"
    made.mkdir()
    head = (
        '<?xml version="1.0" encoding="UTF-8"?>\n<!DOCTYPE HealthData [\n<!-- HealthKit Export Version: 14 -->\n'
        "<!ELEMENT HealthData (ExportDate,Me,(Record|Correlation|Workout|ActivitySummary)*)>\n"
        "<!ATTLIST HealthData\n  locale CDATA #REQUIRED\n>\n]>\n"
        '<HealthData locale="en_GB">\n <ExportDate value="2026-01-01 10:00:00 +0000"/>\n'
    )
    write(made / "export.xml", size, Layout(_sample, head, "", "</HealthData>\n"))
    return made


def takeout(folder: Path, size: int) -> Path:
    """A zip with the location history in its widest-spread form; `size` counts what is inside, unpacked."""
    plain = folder / "Records.json"
    write(plain, size, Layout(_location, '{"locations": [', ",\n", "]}\n"))
    made = folder / "takeout-20260101T000000Z-001.zip"
    with ZipFile(made, "w", ZIP_DEFLATED, compresslevel=6) as packed:
        packed.write(plain, "Takeout/Location History (Timeline)/Records.json")
    plain.unlink()
    return made


LAYOUTS: Mapping[str, Callable[[Path, int], Path]] = MappingProxyType(
    {"netflix": netflix, "spotify": spotify, "apple_health": apple_health, "google_takeout": takeout}
)


@dataclass(frozen=True)
class Layout:
    """How one row is written, and what stands before, between and after them."""

    row: Callable[[int], str]
    head: str = ""
    between: str = ""
    tail: str = ""


def write(file: Path, size: int, layout: Layout, first: int = 0) -> int:
    """Rows until the file has `size` bytes; returns the number of the row that would follow."""
    with file.open("w", encoding="utf-8", newline="") as out:
        out.write(layout.head)
        number = first
        while out.tell() < size - len(layout.tail):
            out.write(layout.between if number > first else "")
            out.write(layout.between.join(layout.row(at) for at in range(number, number + _CHUNK)))
            number += _CHUNK
        out.write(layout.tail)
    return number


def _times(number: int) -> Iterator[datetime]:
    begun = START + timedelta(seconds=number * 97)
    yield begun
    yield begun + timedelta(seconds=30 + number % 600)


def _viewing(number: int) -> str:
    begun, ended = _times(number)
    episode = f"Harbour Lights: Season {number % 7 + 1}: Chapter {number % 24 + 1} (Episode {number % 24 + 1})"
    length = ended - begun
    return (
        f'Example,{begun:%Y-%m-%d %H:%M:%S},0{length},"Autoplayed: user action: None; ","{episode}",,'
        f"Example TV 2020 Smart TV,0{length},Not latest view,DE (Germany)\n"
    )


def _play(number: int) -> str:
    _, ended = _times(number)
    return (
        f'  {{\n    "ts": "{ended:%Y-%m-%dT%H:%M:%SZ}",\n    "platform": "ios",\n'
        f'    "ms_played": {30_000 + number % 240_000},\n    "conn_country": "DE",\n    "ip_addr": "192.0.2.7",\n'
        f'    "master_metadata_track_name": "Track {number % 5_000}",\n'
        f'    "master_metadata_album_artist_name": "The Examples {number % 300}",\n'
        f'    "master_metadata_album_album_name": "Album {number % 900}",\n'
        f'    "spotify_track_uri": "spotify:track:{number % 5_000:022d}",\n'
        '    "episode_name": null,\n    "episode_show_name": null,\n    "spotify_episode_uri": null,\n'
        '    "audiobook_title": null,\n    "audiobook_uri": null,\n    "audiobook_chapter_uri": null,\n'
        '    "audiobook_chapter_title": null,\n    "reason_start": "trackdone",\n    "reason_end": "trackdone",\n'
        '    "shuffle": false,\n    "skipped": false,\n    "offline": false,\n    "offline_timestamp": null,\n'
        '    "incognito_mode": false\n  }'
    )


def _sample(number: int) -> str:
    begun, ended = _times(number)
    kind, unit, value = (
        ("StepCount", "count", f"{number % 180}"),
        ("HeartRate", "count/min", f"{50 + number % 90}"),
        ("ActiveEnergyBurned", "kcal", f"{number % 1000 / 97:.4f}"),
    )[number % 3]
    return (
        f' <Record type="HKQuantityTypeIdentifier{kind}" sourceName="Example’s Watch" sourceVersion="9.1"'
        ' device="&lt;&lt;HKDevice: 0x283a1c0e0&gt;, name:Apple Watch, manufacturer:Apple Inc., model:Watch,'
        f' hardware:Watch6,2, software:9.1&gt;" unit="{unit}" creationDate="{ended:%Y-%m-%d %H:%M:%S} +0000"'
        f' startDate="{begun:%Y-%m-%d %H:%M:%S} +0000" endDate="{ended:%Y-%m-%d %H:%M:%S} +0000" value="{value}"/>\n'
    )


def _location(number: int) -> str:
    begun, _ = _times(number)
    return (
        f'{{\n    "latitudeE7": {525_000_000 + number % 100_000},\n'
        f'    "longitudeE7": {134_000_000 + number % 90_000},\n'
        f'    "accuracy": {10 + number % 40},\n    "altitude": 34,\n    "source": "WIFI",\n    "deviceTag": 1234567,\n'
        f'    "timestamp": "{begun:%Y-%m-%dT%H:%M:%S}.{number % 1000:03d}Z"\n  }}'
    )
