"""Archives, tables, JSON and XML made to hang, to fill the memory or the disk, or to crash what reads them."""

import gzip
import io
import struct
import tarfile
import warnings
import zipfile
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.protocols.hostile import quickly

from entrepot.core.change import BadRow
from entrepot.core.errors import PersonMustFix
from entrepot.protocols.archive import gunzip, open_archive
from entrepot.protocols.archive_json import records
from entrepot.protocols.archive_tables import find_table, first_table
from entrepot.protocols.archive_xml import elements, root_of
from entrepot.sdk.archive import Entry


class Held:
    """An entry whose bytes are at hand."""

    archive = "x.zip"

    def __init__(self, data: bytes) -> None:
        self.name = "x"
        self.size = len(data)
        self.damage = ""
        self._data = data

    def open(self) -> io.BytesIO:
        return io.BytesIO(self._data)

    def head(self, size: int = 4096) -> bytes:
        return self._data[:size]

    peek = head


def read_all(path: Path) -> dict[str, int]:
    with open_archive(path) as archive:
        return {entry.name: drain(entry) for entry in archive.entries()}


def drain(entry: Entry) -> int:
    with entry.open() as stream:
        return sum(map(len, iter(lambda: stream.read(1 << 20), b"")))


def header(name: str, kind: bytes, size: int, **fields: bytes) -> bytes:
    member = tarfile.TarInfo(name)
    member.type = kind
    block = bytearray(member.tobuf(tarfile.GNU_FORMAT))
    block[124:136] = b"%011o\0" % size if size >= 0 else b"\xff" * 8 + struct.pack(">l", size)
    if "holes" in fields:
        block[386 : 386 + 24] = fields["holes"]
        block[483:495] = fields["real"]
    block[148:156] = b" " * 8
    block[148:156] = b"%06o\0 " % sum(block)
    return bytes(block)


def tar(*parts: bytes) -> bytes:
    return b"".join(part + bytes(-len(part) % 512) for part in parts) + bytes(1024)


def test_the_same_name_thousands_of_times(tmp_path: Path):
    path = tmp_path / "x.zip"
    with zipfile.ZipFile(path, "w") as packed, warnings.catch_warnings(action="ignore"):
        for number in range(5_000):
            packed.writestr("a.txt", str(number))
    with quickly(2), open_archive(path) as archive:
        names = [entry.name for entry in archive.entries()]
    assert len(set(names)) == 5_000
    assert {"a.txt", "a (2).txt", "a (5000).txt"} <= set(names)


@pytest.mark.parametrize("is_large", [False, True])
def test_a_directory_of_a_million_rows_is_not_loaded_whatever_its_end_says(tmp_path: Path, *, is_large: bool):
    row = struct.pack("<4s4B4HL2L5H2L", b"PK\x01\x02", *[20, 0, 20, 0, *[0] * 14])
    rows, start = row * 1_000_000, b"PK\x03\x04" + bytes(26)
    said = 0 if is_large else len(rows)
    large = struct.pack("<4sQ2H2L4Q", b"PK\x06\x06", 44, 45, 45, 0, 0, 1, 1, len(rows), 30)
    large += struct.pack("<4sLQL", b"PK\x06\x07", 0, 30 + len(rows), 1)
    end = struct.pack("<4s4H2LH", b"PK\x05\x06", 0, 0, 1, 1, said, 30, 0)
    path = tmp_path / "x.zip"
    path.write_bytes(start + rows + (large if is_large else b"") + end)
    with quickly(), pytest.raises(PersonMustFix, match="500,000 files"):
        open_archive(path)


def test_overlapping_entries_count_each_time_they_are_read(tmp_path: Path):
    """One compressed body under many names: each is honest about its size, and all together are a bomb."""
    path = tmp_path / "x.zip"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as packed:
        packed.writestr("a", bytes(20 << 20))
        for number in range(30):
            info = zipfile.ZipInfo(f"a{number}")
            first = packed.getinfo("a")
            for field in ("compress_type", "compress_size", "file_size", "CRC", "header_offset"):
                setattr(info, field, getattr(first, field))
            packed.filelist.append(info)
            packed.NameToInfo[info.filename] = info
        packed._didModify = True
    with quickly(5), pytest.raises(PersonMustFix):
        read_all(path)


SPARSE = b"22 GNU.sparse.major=1\n22 GNU.sparse.minor=0\n"


@pytest.mark.parametrize(
    "data",
    [
        tar(header("x", tarfile.XHDTYPE, 300_000), b"1" * 300_000, header("a", b"0", 0)),
        tar(header("x", tarfile.GNUTYPE_LONGNAME, 30 << 20), b"a" * (30 << 20), header("a", b"0", 0)),
        tar(header("b", b"0", 0), header("a", b"0", -1024)),
        tar(header("b", b"0", 0), header("a", tarfile.XHDTYPE, -1024)),
        tar(*[header("x", tarfile.GNUTYPE_LONGNAME, 1), b"a"] * 2000, header("a", b"0", 0)),
        tar(header("x", tarfile.XHDTYPE, 44), SPARSE, header("a", b"0", 512), b"nine\n"),
    ],
)
def test_tars_that_python_itself_stumbles_over(tmp_path: Path, data: bytes):
    (tmp_path / "x.tar").write_bytes(data)
    with quickly(), pytest.raises(PersonMustFix):
        read_all(tmp_path / "x.tar")


def test_a_file_with_holes_is_left_out_so_that_it_cannot_fill_the_disk(tmp_path: Path):
    holes = {"holes": b"00000000000\0" + b"00000001000\0", "real": b"77777777777\0"}
    data = tar(header("a.json", tarfile.GNUTYPE_SPARSE, 512, **holes), b"x" * 512, header("b", b"0", 3), b"abc")
    (tmp_path / "x.tar.gz").write_bytes(gzip.compress(data))
    with quickly():
        assert read_all(tmp_path / "x.tar.gz") == {"b": 3}


def test_links_and_devices_are_left_out(tmp_path: Path):
    kinds = (tarfile.SYMTYPE, tarfile.LNKTYPE, tarfile.CHRTYPE, tarfile.BLKTYPE, tarfile.FIFOTYPE, tarfile.DIRTYPE)
    (tmp_path / "x.tar").write_bytes(
        tar(*(header(f"n{kind.decode()}", kind, 0) for kind in kinds), header("b", b"0", 0))
    )
    assert read_all(tmp_path / "x.tar") == {"b": 0}


def test_a_chain_of_empty_gzips(tmp_path: Path):
    (tmp_path / "x.gz").write_bytes(gzip.compress(b"") * 100_000)
    with quickly(3):
        assert read_all(tmp_path / "x.gz") == {"x": 0}


def test_a_gzip_inside_that_never_ends_is_stopped(tmp_path: Path):
    (tmp_path / "x.xml.gz.d").mkdir()
    (tmp_path / "x.xml.gz.d" / "x.xml.gz").write_bytes(gzip.compress(gzip.compress(bytes(300 << 20))))
    with quickly(5), open_archive(tmp_path / "x.xml.gz.d") as archive:
        [entry] = archive.entries()
        inner = gunzip(gunzip(entry))
        with pytest.raises(PersonMustFix):
            drain(inner)


def test_a_header_of_one_name():
    with quickly():
        table = first_table(Held(b"a," * 30_000 + b"\n1\n"))
    assert table is not None
    assert len(set(table.columns)) == 30_001


def test_a_quote_that_is_never_closed_costs_one_cell_and_not_the_file():
    data = b'h,i\n1,"2\n' + b"3,4\n" * 4_400_000
    table = first_table(Held(data))
    assert table is not None
    with quickly(10):
        rows = [row for row in table.rows("rows") if isinstance(row, BadRow) or row.number > 4_399_000]
    assert isinstance(rows[0], BadRow)
    assert (rows[0].where, len(rows)) == ("x, line 2", 1003)


def test_a_row_that_never_ends_is_not_gathered_in_memory():
    table = first_table(Held(b'h,i\n"a' + b'\n","a' * 9_000_000))
    assert table is not None
    with quickly(10), pytest.raises(PersonMustFix, match="33,554,432 characters"):
        list(table.rows("rows"))


@pytest.mark.parametrize(
    ("data", "path"),
    [
        (b"[" * 5_000_000, ""),
        (b'[{"a":1},' + b'{"a":' * 500 + b"1" + b"}" * 500 + b"]", ""),
        (b'{"x":' * 300_000, "x"),
        (b'[{"a":1},{"' + b"a" * 20_000_000, ""),
        (b"[" + b"1," * 5_000_000 + b"1]", ""),
        (b'{"' + b"\\a" * 5_000_000, "x"),
        (b'{"a"' + b" " * 5_000_000, "a"),
        (b'[{"a":1} ' + b"," * 5_000_000, ""),
        (b"\0" * 1_000_000, ""),
    ],
)
def test_json_that_goes_nowhere(data: bytes, path: str):
    with quickly(3), suppress(PersonMustFix):
        assert sum(1 for _ in records(Held(data), path)) < 10


ENTITIES = b'<!DOCTYPE r [<!ENTITY a "' + b"a" * 1000 + b'"><!ENTITY b "' + b"&a;" * 1000 + b'">]>'


@pytest.mark.parametrize(
    "charset", [b"ISO-2022-JP-MS", b"CP50221", b"ISO-2022-JP", b"ISO-2022-KR", b"HZ", b"JOHAB", b"JAVA"]
)
def test_a_charset_in_which_a_comment_ends_elsewhere_hides_no_dtd(charset: bytes):
    """To us the comment ends and an element begins, to the parser both are Japanese letters."""
    start = b'<?xml version="1.0" encoding="' + charset + b'"?><!-- \x1b$B!!--><s>\x1b(B -->'
    for text in (start, start.replace(b"encoding", b"standalone='no' encoding"), start.replace(b'"', b"'")):
        with pytest.raises(PersonMustFix, match="encoded as"):
            list(elements(Held(text + ENTITIES + b'<r x="&b;"/>'), "r"))


@pytest.mark.parametrize(
    "data",
    [
        ENTITIES + b'<r x="&b;"/>',
        b"<!-- <!DOCTYPE -->" + ENTITIES + b"<r/>",
        b"<!DOCTYPE r []>" + ENTITIES + b"<r/>",
        b"<!DOCTYPE r [<!-- ]> -->" + ENTITIES[12:] + b"<r/>",
        b"<!DOCTYPE r [<!ATTLIST r x CDATA ']>'>" + ENTITIES[12:] + b"<r/>",
        b"<?pi <a> ?>" + ENTITIES + b"<r/>",
        ENTITIES.decode().encode("utf-16-le") + b"<\0r\0/\0>\0",
        ENTITIES.decode().encode("utf-16-be") + b"\0<\0r\0/\0>",
        b"<" * 1_000_000,
        b"<?" * 500_000 + b"<a/>",
        b"<a>" * 1_000_000,
        b" " * 2_000_000,
        b"<!DOCTYPE a " + b"'a'" * 300_000 + b"<a/>",
        b"<r><q>" + b"<a/>" * 3_000_000 + b"</q></r>",
    ],
)
def test_xml_that_is_an_attack_is_refused(data: bytes):
    with quickly(4), pytest.raises(PersonMustFix):
        list(elements(Held(data), "q"))


def test_remarks_in_front_take_no_time():
    with quickly(2):
        assert root_of(Held(b"<!---->" * 2_000 + b"<a/>")) == "a"
        assert len(list(elements(Held(b"<!---->" * 149_000 + b"<a/>"), "a"))) == 1


def read_somehow(data: bytes) -> Iterator[object]:
    entry = Held(data)
    yield from records(entry)
    yield from records(entry, "a.b")
    for table in (first_table(entry), find_table(entry, ["a"])):
        if table is not None:
            yield from table.rows("rows")
    yield root_of(entry)
    yield from elements(entry, "a", "{*}b")


PIECES = st.sampled_from(
    [
        *(
            b"<a",
            b">",
            b"</a>",
            b"<b/>",
            b"<!--",
            b"-->",
            b"<?xml ",
            b"?>",
            b"<!DOCTYPE a",
            b"[",
            b"]>",
            b"<![CDATA[",
            b"]]>",
        ),
        *(
            b"encoding=",
            b"'utf-16'",
            b'"',
            b"'",
            b"&a;",
            b"&#0;",
            b"xmlns:b='x'",
            b"{",
            b"}",
            b"[",
            b"]",
            b",",
            b":",
            b"\\",
        ),
        *(
            b'"a"',
            b'"b"',
            b"1",
            b"null",
            b"\\u",
            b"\n",
            b"\r",
            b"\0",
            b"\t",
            b";",
            b"\xff",
            b"\xfe\xff",
            b"\xef\xbb\xbf",
            b"\xc3",
            b" ",
        ),
    ]
)


@settings(max_examples=300, deadline=None)
@given(st.lists(PIECES, max_size=50).map(b"".join))
def test_whatever_stands_there_is_read_or_refused(data: bytes):
    for reading in ("", b"[", b'{"a":{"b":[', b"a,b\n", b"<a>"):
        with quickly(), suppress(PersonMustFix):
            list(read_somehow((reading or b"") + data))


@settings(max_examples=150, deadline=None)
@given(st.data())
def test_a_damaged_archive_is_read_as_far_as_it_goes_or_refused(
    tmp_path_factory: pytest.TempPathFactory, data: st.DataObject
):
    whole = data.draw(st.sampled_from(_archives()))
    broken = bytearray(whole)
    for _ in range(data.draw(st.integers(1, 4))):
        broken[data.draw(st.integers(0, len(broken) - 1))] = data.draw(st.integers(0, 255))
    path = tmp_path_factory.getbasetemp() / "damaged"
    path.write_bytes(bytes(broken[: data.draw(st.integers(1, len(broken)))]))
    with quickly(), suppress(PersonMustFix):
        read_all(path)


def _archives() -> list[bytes]:
    packed, tarred = io.BytesIO(), io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as file:
        file.writestr("a/b.csv", "a,b\n1,2\n" * 20)
        file.writestr("ä.json", "[1]")
    for form in (tarfile.PAX_FORMAT, tarfile.GNU_FORMAT):
        with tarfile.open(fileobj=tarred, mode="w", format=form) as file:
            member = tarfile.TarInfo("n" * 120 + "ä")
            member.size = 5
            file.addfile(member, io.BytesIO(b"hello"))
    return [packed.getvalue(), tarred.getvalue(), gzip.compress(tarred.getvalue(), mtime=0)]
