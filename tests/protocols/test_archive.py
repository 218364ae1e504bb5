import gzip
import io
import os
import tarfile
import zipfile
from pathlib import Path

import pytest

from entrepot.core.errors import PersonMustFix
from entrepot.protocols.archive import gunzip, open_archive
from entrepot.protocols.archive_files import attach, media_type_of
from entrepot.protocols.archive_limits import Limits
from entrepot.sdk.archive import Archive


def zipped(path: Path, entries: dict[str, bytes]) -> Path:
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in entries.items():
            archive.writestr(name, data)
    return path


def tarred(path: Path, members: list[tarfile.TarInfo], mode: str = "w", data: bytes = b"text") -> Path:
    with tarfile.open(path, mode) as archive:
        for member in members:
            member.size = len(data) if member.isreg() else 0
            archive.addfile(member, io.BytesIO(data) if member.isreg() else None)
    return path


def names(archive: Archive, *patterns: str) -> list[str]:
    return [entry.name for entry in archive.entries(*patterns)]


def read(archive: Archive, name: str) -> bytes:
    entry = archive.entry(name)
    assert entry
    with entry.open() as stream:
        return stream.read()


def refused(path: Path, limits: Limits | None = None) -> str:
    with pytest.raises(PersonMustFix) as caught:
        read_all(path, limits or Limits())
    return caught.value.message


def read_all(path: Path, limits: Limits) -> None:
    with open_archive(path, limits) as archive:
        for entry in archive.entries():
            with entry.open() as stream:
                while stream.read(1 << 16):
                    pass


def folder_of(path: Path) -> Path:
    (path / "data").mkdir()
    (path / "data" / "a.csv").write_bytes(b"A")
    (path / "B.json").write_bytes(b"{}")
    return path


@pytest.mark.parametrize("form", ["zip", "tar", "tar.gz", "folder"])
def test_every_form_shows_the_same_entries(tmp_path: Path, form: str) -> None:
    source = tmp_path / "source"
    source.mkdir()
    folder_of(source)
    path = source
    if form == "zip":
        path = zipped(tmp_path / "x.zip", {"data/a.csv": b"A", "B.json": b"{}"})
    elif form != "folder":
        path = tmp_path / f"x.{form}"
        with tarfile.open(path, "w:gz" if form == "tar.gz" else "w") as archive:
            archive.add(source, arcname=".")
    with open_archive(path) as archive:
        assert names(archive) == ["B.json", "data/a.csv"]
        assert read(archive, "data/a.csv") == b"A"
        assert [entry.size for entry in archive.entries()] == [2, 1]
        assert archive.entry("nothing") is None
        assert archive.name == path.name


def test_patterns_match_from_any_part_of_the_path_without_regard_to_case(tmp_path: Path) -> None:
    path = zipped(tmp_path / "x.zip", {"x-1/data/Tweets.js": b"", "x-1/data/like.js": b"", "other/olddata/a.js": b""})
    with open_archive(path) as archive:
        assert names(archive, "data/*.js") == ["x-1/data/Tweets.js", "x-1/data/like.js"]
        assert names(archive, "tweets.JS", "LIKE.*") == ["x-1/data/Tweets.js", "x-1/data/like.js"]
        assert names(archive, "weets.js") == []


def test_a_single_file_is_an_archive_of_one(tmp_path: Path) -> None:
    path = tmp_path / "List.csv"
    path.write_bytes(b"a,b\n")
    with open_archive(path) as archive:
        assert names(archive) == ["List.csv"]
        assert next(archive.entries()).head(2) == b"a,"


def test_a_gzipped_file_loses_its_suffix_and_can_be_read_at_two_places_at_once(tmp_path: Path) -> None:
    path = tmp_path / "list.xml.gz"
    path.write_bytes(gzip.compress(b"0123456789"))
    with open_archive(path) as archive:
        entry = archive.entry("list.xml")
        assert entry
        assert entry.size == 10
        with entry.open() as one, entry.open() as other:
            assert (one.read(3), other.read(5), one.read()) == (b"012", b"01234", b"3456789")


def test_a_gzipped_file_inside_a_folder_is_unpacked_when_asked(tmp_path: Path) -> None:
    (tmp_path / "list.xml.gz").write_bytes(gzip.compress(b"<a/>"))
    with open_archive(tmp_path) as archive:
        inner = gunzip(next(archive.entries()))
        with inner.open() as stream:
            assert (inner.name, stream.read()) == ("list.xml", b"<a/>")


def test_an_archive_in_an_archive_is_a_file_like_any_other(tmp_path: Path) -> None:
    """So one that holds itself is not unpacked for ever."""
    inner = zipped(tmp_path / "inner.zip", {"a.txt": b"deep"})
    with open_archive(zipped(tmp_path / "outer.zip", {"inner.zip": inner.read_bytes(), "b.txt": b""})) as archive:
        assert names(archive) == ["b.txt", "inner.zip"]


@pytest.mark.parametrize(
    "name", ["../up.txt", "a/../../up.txt", "/etc/passwd", "C:\\x.txt", "..\\up.txt", "\\\\host\\x"]
)
def test_names_that_point_outside_are_refused(tmp_path: Path, name: str) -> None:
    path = tmp_path / "x.zip"
    with zipfile.ZipFile(path, "w") as archive:
        info = zipfile.ZipInfo("good.txt")
        archive.writestr(info, b"x")
        info = zipfile.ZipInfo("placeholder")
        info.filename = name
        archive.writestr(info, b"x")
    assert "points outside" in refused(path)
    assert "points outside" in refused(tarred(tmp_path / "x.tar", [tarfile.TarInfo(name)]))


def test_links_in_tars_and_folders_are_not_followed(tmp_path: Path) -> None:
    secret = tmp_path / "secret.txt"
    secret.write_text("secret")
    link = tarfile.TarInfo("link.txt")
    link.type, link.linkname = tarfile.SYMTYPE, str(secret)
    hard = tarfile.TarInfo("hard.txt")
    hard.type, hard.linkname = tarfile.LNKTYPE, "../secret.txt"
    with open_archive(tarred(tmp_path / "x.tar", [link, hard, tarfile.TarInfo("real.txt")])) as archive:
        assert names(archive) == ["real.txt"]
    folder = tmp_path / "folder"
    folder.mkdir()
    (folder / "link.txt").symlink_to(secret)
    (folder / "up").symlink_to(tmp_path)
    os.mkfifo(folder / "pipe")
    (folder / "real.txt").write_text("x")
    with open_archive(folder) as archive:
        assert names(archive) == ["real.txt"]


def test_what_systems_leave_lying_about_is_passed_over(tmp_path: Path) -> None:
    path = zipped(tmp_path / "x.zip", {"__MACOSX/._a.csv": b"", "a.csv": b"", ".DS_Store": b"", "d/._a.csv": b""})
    with open_archive(path) as archive:
        assert names(archive) == ["a.csv"]


def test_a_bomb_is_stopped_while_reading_whatever_its_headers_say(tmp_path: Path) -> None:
    path = zipped(tmp_path / "bomb.zip", {"zeros": bytes(30_000_000)})
    assert "decompression bomb" in refused(path, Limits(ratio_from=1 << 20))
    assert "more than 1,000 bytes" in refused(path, Limits(total_bytes=1000))
    lying = bytearray(path.read_bytes())
    at = lying.rfind(b"PK\x01\x02")
    lying[at + 24 : at + 28] = (100).to_bytes(4, "little")
    path.write_bytes(lying)
    assert refused(path, Limits(total_bytes=50))


def test_a_gzip_bomb_is_stopped_too(tmp_path: Path) -> None:
    path = tmp_path / "bomb.json.gz"
    path.write_bytes(gzip.compress(bytes(30_000_000)))
    assert "decompression bomb" in refused(path, Limits(ratio_from=1 << 20))
    folder = tmp_path / "folder"
    folder.mkdir()
    path.rename(folder / "bomb.json.gz")
    with open_archive(folder) as archive:
        inner = gunzip(next(archive.entries()), Limits(ratio_from=1 << 20))
        with inner.open() as stream, pytest.raises(PersonMustFix, match="decompression bomb"):
            stream.read()


def test_reading_twice_counts_once(tmp_path: Path) -> None:
    path = zipped(tmp_path / "x.zip", {"a": os.urandom(600), "b": os.urandom(300)})
    with open_archive(path, Limits(total_bytes=1000)) as archive:
        for _ in range(3):
            for entry in archive.entries():
                entry.head(10)
                read(archive, entry.name)


def test_too_many_entries_and_too_long_names_are_refused(tmp_path: Path) -> None:
    path = zipped(tmp_path / "x.zip", {f"{number}.txt": b"" for number in range(20)})
    assert "more than 10 files" in refused(path, Limits(entries=10))
    members = [tarfile.TarInfo(f"{number}.txt") for number in range(20)]
    assert "more than 10 files" in refused(tarred(tmp_path / "x.tar", members), Limits(entries=10))
    (tmp_path / "folder").mkdir()
    for number in range(20):
        (tmp_path / "folder" / f"{number}").touch()
    assert "more than 10 files" in refused(tmp_path / "folder", Limits(entries=10))
    assert "2000 characters" in refused(zipped(tmp_path / "y.zip", {"n" * 2000: b""}))


def test_a_locked_zip_says_what_to_do(tmp_path: Path) -> None:
    path = zipped(tmp_path / "x.zip", {"a.txt": b"x"})
    data = bytearray(path.read_bytes())
    data[6] |= 1
    data[data.rfind(b"PK\x01\x02") + 8] |= 1
    path.write_bytes(data)
    assert "locked with a password; unpack it yourself" in refused(path)


@pytest.mark.parametrize("kept", [0.05, 0.5, 0.9, 0.999])
def test_a_cut_off_archive_fails_before_any_entry(tmp_path: Path, kept: float) -> None:
    whole = zipped(tmp_path / "x.zip", {f"{n}.txt": os.urandom(3000) for n in range(20)}).read_bytes()
    members = [tarfile.TarInfo(f"{n}.txt") for n in range(20)]
    tar = tarred(tmp_path / "x.tar", members, data=os.urandom(3000)).read_bytes().rstrip(b"\0")
    for name, data in (
        ("cut.zip", whole),
        ("cut.tar.gz", gzip.compress(tar)),
        ("cut.gz", gzip.compress(whole)),
        ("cut.tar", tar),
    ):
        path = tmp_path / name
        path.write_bytes(data[: max(600, int(len(data) * kept))])
        with pytest.raises(PersonMustFix, match="cut off"):
            open_archive(path)


def test_a_damaged_entry_is_a_clear_error(tmp_path: Path) -> None:
    path = tmp_path / "x.zip"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("a.txt", b"hello world")
    path.write_bytes(path.read_bytes().replace(b"hello world", b"hello wurld"))
    assert refused(path) == "x.zip: a.txt is damaged or was cut off while downloading; download it again."


def test_nothing_there_is_a_clear_error(tmp_path: Path) -> None:
    assert "There is no file" in refused(tmp_path / "absent.zip")
    (tmp_path / "empty.csv").touch()
    assert "empty" in refused(tmp_path / "empty.csv")
    (tmp_path / "page.zip").write_text("<html>")
    assert "not a zip file" in refused(tmp_path / "page.zip")


def test_names_in_every_spelling_become_one(tmp_path: Path) -> None:
    path = tmp_path / "x.zip"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("Mu\u0308ller.txt", b"NFD")
        archive.writestr("win\\dow.txt", b"backslash")
        archive.writestr("plain.txt", b"")
        archive.writestr("PLACE1.txt", b"UTF-8 without the flag")
        archive.writestr("PLACE22.txt", b"cp437")
    data = path.read_bytes()
    data = data.replace(b"PLACE1.txt", "Käse€".encode().ljust(6, b"_") + b".t")
    data = data.replace(b"PLACE22.txt", "Käserei".encode("cp437") + b".txt")
    path.write_bytes(data)
    with open_archive(path) as archive:
        assert set(names(archive)) == {"Müller.txt", "win/dow.txt", "plain.txt", "Käse€.t", "Käserei.txt"}


@pytest.mark.filterwarnings("ignore:Duplicate name")
def test_the_same_name_twice_keeps_both_and_the_same_file_twice_one(tmp_path: Path) -> None:
    path = tmp_path / "x.zip"
    with zipfile.ZipFile(path, "w") as archive:
        for data in (b"one", b"two", b"one"):
            archive.writestr("d/a.csv", data)
    with open_archive(path) as archive:
        assert [(name, read(archive, name)) for name in names(archive)] == [
            ("d/a (2).csv", b"two"),
            ("d/a.csv", b"one"),
        ]


def test_a_file_becomes_an_attachment(tmp_path: Path) -> None:
    with open_archive(zipped(tmp_path / "x.zip", {"media/Bild.HEIC": b"abc"})) as archive:
        made = attach(next(archive.entries()))
    assert (made.name, made.size, made.media_type) == ("Bild.HEIC", 3, "image/heic")
    assert made.sha256 == "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"
    assert media_type_of("what.ever") == "application/octet-stream"
