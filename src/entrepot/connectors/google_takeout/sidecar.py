"""What a sidecar tells of a picture, and a `metadata.json` of an album."""

import html
import re
from datetime import UTC, datetime

import msgspec

from entrepot.core.writing import Media

_REPLACED = re.compile(r"""[%&?*<>:"/\\|=+#@!'^]""")


class _Time(msgspec.Struct):
    timestamp: str | int = ""


class _Geo(msgspec.Struct):
    latitude: float = 0.0
    longitude: float = 0.0
    altitude: float = 0.0


class _Person(msgspec.Struct):
    name: str = ""


class Sidecar(msgspec.Struct, rename="camel"):
    title: str = ""
    description: str = ""
    photo_taken_time: _Time | None = None
    creation_time: _Time | None = None
    geo_data: _Geo | None = None
    geo_data_exif: _Geo | None = None
    people: list[_Person] = []
    favorited: bool = False
    archived: bool = False
    trashed: bool = False
    url: str | None = None
    google_photos_origin: dict[str, object] | None = None

    @property
    def name(self) -> str:
        """The file name as it was uploaded."""
        return html.unescape(self.title)


class _Album(msgspec.Struct):
    title: str = ""


class _AlbumFile(msgspec.Struct, rename="camel"):
    title: str = ""
    album_data: _Album | None = None


_SIDECAR = msgspec.json.Decoder(Sidecar)
_ALBUM = msgspec.json.Decoder(_AlbumFile)


def read_sidecar(raw: bytes) -> Sidecar | None:
    """None where the JSON is something else. Raises msgspec.MsgspecError where it is broken."""
    found = _SIDECAR.decode(raw)
    return found if found.photo_taken_time else None


def album_title(raw: bytes) -> str | None:
    try:
        found = _ALBUM.decode(raw)
    except (msgspec.MsgspecError, ValueError):
        return None
    return html.unescape(found.album_data.title if found.album_data else found.title) or None


def instant_of(time: _Time | None) -> datetime | None:
    """Seconds since 1970 as text; negative before, and 0 where Google knows nothing."""
    seconds = int(time.timestamp) if time and str(time.timestamp).strip() else 0
    return datetime.fromtimestamp(seconds, UTC) if seconds else None


def place_of(sidecar: Sidecar) -> _Geo | None:
    """0, 0 stands for nowhere."""
    for geo in (sidecar.geo_data, sidecar.geo_data_exif):
        if geo and (geo.latitude or geo.longitude):
            return geo
    return None


def described(sidecar: Sidecar | None, media: Media) -> Media:
    """`media` (file, hash, type, albums) with what the sidecar adds."""
    if sidecar is None:
        return media
    place = place_of(sidecar)
    return msgspec.structs.replace(
        media,
        file_name=sidecar.name or media.file_name,
        date_time_original=instant_of(sidecar.photo_taken_time),
        created=instant_of(sidecar.creation_time),
        latitude=place.latitude if place else None,
        longitude=place.longitude if place else None,
        altitude=(place.altitude or None) if place else None,
        description=html.unescape(sidecar.description) or None,
        people=[person.name for person in sidecar.people if person.name],
        is_favorite=sidecar.favorited,
        is_archived=sidecar.archived,
        is_trashed=sidecar.trashed,
        url=sidecar.url,
        extra={**media.extra, **({"origin": sidecar.google_photos_origin} if sidecar.google_photos_origin else {})},
    )


def file_stem(title: str) -> str:
    """The file's name without its suffix, which differs where a picture was converted.

    Characters that file systems forbid are `_` in the file's name.
    """
    plain = _REPLACED.sub("_", title)
    return plain.rpartition(".")[0] or plain
