import codecs
from pathlib import Path

import pytest

from entrepot.core.change import BadRow
from entrepot.core.errors import PersonMustFix
from entrepot.protocols import archive_tables
from entrepot.protocols.archive import open_archive
from entrepot.protocols.archive_tables import Row, Table, find_table, first_table
from entrepot.sdk.archive import Entry


def entry_of(tmp_path: Path, data: bytes) -> Entry:
    path = tmp_path / "t.csv"
    path.write_bytes(data)
    return next(open_archive(path).entries())


def table_of(tmp_path: Path, data: bytes, *columns: str) -> Table:
    entry = entry_of(tmp_path, data)
    table = find_table(entry, columns) if columns else first_table(entry)
    assert table
    return table


def rows_of(table: Table) -> tuple[list[tuple[str, ...]], list[BadRow]]:
    good: list[tuple[str, ...]] = []
    bad: list[BadRow] = []
    for row in table.rows("s"):
        if isinstance(row, Row):
            good.append(tuple(row.cells))
        else:
            bad.append(row)
    return good, bad


TEXT = "Título,Größe\nÄpfel,1\n“Tee” €,2\n"


@pytest.mark.parametrize(
    "data",
    [
        TEXT.encode(),
        TEXT.encode("utf-8-sig"),
        codecs.BOM_UTF16_LE + TEXT.encode("utf-16-le"),
        codecs.BOM_UTF16_BE + TEXT.encode("utf-16-be"),
        TEXT.replace("\n", "\r\n").encode(),
        TEXT.replace("\n", "\r").encode(),
        TEXT.replace(",", ";").encode(),
        TEXT.replace(",", "\t").encode(),
    ],
)
def test_encoding_line_ends_and_delimiter_are_found(tmp_path: Path, data: bytes) -> None:
    table = table_of(tmp_path, data)
    assert table.columns == ("Título", "Größe")
    assert rows_of(table) == ([("Äpfel", "1"), ("“Tee” €", "2")], [])
    assert table.notes == []


def test_utf16_without_a_mark_is_found_too(tmp_path: Path) -> None:
    assert rows_of(table_of(tmp_path, "Name,Age\nAnn,1\n".encode("utf-16-le")))[0] == [("Ann", "1")]


def test_lines_that_are_not_utf8_are_windows_1252_with_a_note(tmp_path: Path) -> None:
    table = table_of(tmp_path, "a,b\nÄpfel,1\n".encode("cp1252") + "Öl,2\n".encode())
    assert rows_of(table) == ([("Äpfel", "1"), ("Öl", "2")], [])
    assert table.notes == ["t.csv: 1 lines were not UTF-8 and were read as Windows-1252"]


def test_quoted_fields_hold_delimiters_quotes_and_line_ends(tmp_path: Path) -> None:
    table = table_of(tmp_path, b'a,b\n"x, ""y""\nz",1\n\nlast,2\n')
    rows = [row for row in table.rows("s") if isinstance(row, Row)]
    assert [(row.number, row["a"], row.get("b"), row.get("c", "none")) for row in rows] == [
        (2, 'x, "y"\nz', "1", "none"),
        (5, "last", "2", "none"),
    ]
    assert rows[0].json() == b'{"a":"x, \\"y\\"\\nz","b":"1"}'


def test_columns_of_the_same_name_are_kept_apart(tmp_path: Path) -> None:
    table = table_of(tmp_path, b"Elapsed Time,Name,Elapsed Time,\n1,x,2,3\n")
    assert table.columns == ("Elapsed Time", "Name", "Elapsed Time#2", "#4")
    row = next(table.rows("s"))
    assert isinstance(row, Row)
    assert (row["Elapsed Time"], row["Elapsed Time#2"]) == ("1", "2")


def test_lines_above_the_header_are_passed_over(tmp_path: Path) -> None:
    table = table_of(tmp_path, b'Export of everything\n"generated; 2024"\n\nDate;Amount\n1;2\n', "Amount", "Date")
    assert table.delimiter == ";"
    assert rows_of(table) == ([("1", "2")], [])
    assert find_table(table.entry, ("Betrag",)) is None


def test_rows_that_do_not_fit_are_set_aside_with_their_line(tmp_path: Path) -> None:
    table = table_of(tmp_path, b"a,b\n1,2\n1\n1,2,3\n1,2,,\n3,\0\n5,6\n")
    good, bad = rows_of(table)
    assert good == [("1", "2"), ("1", "2"), ("5", "6")]
    assert [(row.where, row.reason) for row in bad] == [
        ("t.csv, line 3", "1 fields where the header has 2"),
        ("t.csv, line 4", "3 fields where the header has 2"),
        ("t.csv, line 6", "holds a NUL byte"),
    ]
    filled = [tuple(row.cells) for row in table.rows("s", ragged=True) if isinstance(row, Row)]
    assert filled == [("1", "2"), ("1", ""), ("1", "2"), ("5", "6")]


def test_a_quote_that_never_ends_is_a_bad_row(tmp_path: Path) -> None:
    table = table_of(tmp_path, b'a,b\n1,2\n"open,3\n4,5\n')
    good, bad = rows_of(table)
    assert good == [("1", "2")]
    assert [row.where for row in bad] == ["t.csv, line 3"]


def test_a_file_without_line_ends_is_no_table(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(archive_tables, "LONGEST_LINE", 1000)
    table = table_of(tmp_path, b"a,b\n" + b"x" * 2000)
    with pytest.raises(PersonMustFix, match="line of more than"):
        list(table.rows("s"))


def test_a_header_alone_has_no_rows_and_blanks_have_no_table(tmp_path: Path) -> None:
    assert rows_of(table_of(tmp_path, b"a,b")) == ([], [])
    assert first_table(entry_of(tmp_path, b"\n \n")) is None
