"""Evernote exports: every sample, what becomes of a note, and files in bad shape."""

import hashlib
import mimetypes
import zipfile
from base64 import b64encode, encodebytes
from collections.abc import Iterable, Sequence
from datetime import UTC, datetime
from pathlib import Path

import pytest
import yaml

from entrepot.core import kinds
from entrepot.core.change import BadRow, Change
from entrepot.core.errors import PersonMustFix
from entrepot.core.writing import Note
from entrepot.protocols.archive import open_archive
from entrepot.sdk.catalog import Catalog
from entrepot.sdk.connector import Options

CONNECTOR = Catalog().entry("evernote")
FIXTURES = CONNECTOR.folder / "fixtures"
SEVERAL = {
    "LinkedInterNotebooks__test-internotebook_links_B.enex": 3,
    "SanitizedLinkedInterNotebooks__#[test-internotebook_links_B]^.enex": 3,
    "sanitize_fulltest.enex": 2,
    "test-3NotesWithSameName.enex": 3,
    "test-guid-logseq.enex": 4,
    "test-links-withExtension.enex": 2,
    "test-links_underline_within.enex": 2,
    "test-long-linked-notes.enex": 2,
    "test-replacements.enex": 2,
    "test-twoNotes.enex": 2,
    "two-untitled-notes-with-toc.enex": 3,
}
"""The samples that hold more than one note."""
FILES = {
    "sanitize_fulltest.enex": 1,
    "test-image-dataUrl.enex": 5,
    "test-noteWithPdf.enex": 1,
    "test-pdfAttachment-ObsidianMD.enex": 1,
    "test-twoNotes.enex": 1,
    "test-webclip_bookmark.enex": 2,
}
HEAD = '<?xml version="1.0" encoding="UTF-8"?>\n<!DOCTYPE en-export SYSTEM "http://xml.evernote.com/pub/evernote-export4.dtd">\n'


def read(path: Path, **settings: str) -> list[Change | BadRow]:
    with open_archive(path) as archive:
        return list(CONNECTOR.open_importer().read(archive, Options(settings)))


def notes(found: Iterable[Change | BadRow]) -> list[Note]:
    return [row.data for row in found if isinstance(row, Change) and isinstance(row.data, Note)]


def refused(found: Iterable[Change | BadRow]) -> list[str]:
    return [f"{row.where}: {row.reason}" for row in found if isinstance(row, BadRow)]


def export(folder: Path, *found: str, name: str = "Book.enex", head: str = HEAD) -> Path:
    path = folder / name
    path.write_text(f"{head}<en-export>{''.join(found)}</en-export>", encoding="utf-8")
    return path


def note(enml: str, *, title: str = "T", more: str = "") -> str:
    content = f"<content><![CDATA[<!DOCTYPE en-note SYSTEM 'x'><en-note>{enml}</en-note>]]></content>"
    return f"<note><title>{title}</title><created>20240101T000000Z</created>{content}{more}</note>\n"


def resource(data: bytes, more: str = "") -> str:
    return f"<resource><data encoding='base64'>\n{encodebytes(data).decode()}</data>{more}</resource>"


def body(folder: Path, enml: str, more: str = "") -> str:
    (only,) = notes(read(export(folder, note(enml, more=more))))
    return only.body


def test_the_fixtures_give_what_is_expected_of_them():
    for name, expected in yaml.safe_load((FIXTURES / "expected.yaml").read_text()).items():
        found = read(FIXTURES / name)
        assert {"streams": {"notes": len(notes(found))}, "refused": len(refused(found))} == expected


def test_every_sample_gives_its_notes_and_files(shared: Path):
    folder = shared / "samples" / "evernote" / "enex"
    paths = sorted(folder.glob("*.enex"))
    assert len(paths) == 52
    for path in paths:
        found = read(path)
        assert refused(found) == []
        changes = [row for row in found if isinstance(row, Change)]
        assert len(changes) == SEVERAL.get(path.name, 1) == path.read_bytes().count(b"<note>"), path.name
        assert len({change.ref.id for change in changes}) == len(changes)
        assert sum(len(change.files) for change in changes) == FILES.get(path.name, 0), path.name
        for change in changes:
            assert change.data is not None
            assert kinds.decode("note", kinds.encode(change.data)) == change.data
            assert change.native.endswith(b"</en-note>")
            for file in change.files:
                data = file.open().read()
                assert (len(data), hashlib.sha256(data).hexdigest()) == (file.size, file.sha256)


def _sample(shared: Path, name: str) -> Sequence[Note]:
    return notes(read(shared / "samples" / "evernote" / "enex" / name))


def test_check_lists_of_old_and_new_evernote_become_task_lists(shared: Path):
    assert _sample(shared, "test-checkboxes.enex")[0].body == "- [ ] Checkbox not completed\n- [x] Checkbox done"
    old = _sample(shared, "test-empty-en-todo.enex")[0]
    assert old.tags == ["WorkLog", "AU_RA"]
    assert old.body.splitlines()[2:] == [
        "- [x] Add view_post_X_forum variable",
        "- [x] Handle the two non-\\_ttl variables to allow for analysis",
        "- [ ] Begin stepwise regression work",
    ]


def test_code_lists_and_tasks_of_the_samples(shared: Path):
    code = _sample(shared, "test-noteWithCodeBlock.enex")[0].body
    assert "```\n# This program prints *Hello, world* in _Python_\nprint('Hello, world!\\n')\n```" in code
    assert _sample(shared, "test-sublists.enex")[0].body == "- Level1\n  - Level2\n    - Level3"
    tasks = _sample(shared, "test-things-to-do.enex")[0]
    assert "- [ ] Task with due date (due 2022-05-28)" in tasks.body
    assert "- [ ] Task with a reminder (reminder 2022-05-22 09:00+02:00)" in tasks.body
    assert len(tasks.extra["tasks"]) == 5  # pyright: ignore[reportArgumentType] - a list, as the sample has tasks


def test_a_picture_is_found_by_the_md5_of_its_bytes(shared: Path):
    with_picture = _sample(shared, "test-twoNotes.enex")[0]
    (file,) = with_picture.files
    assert f"(attachment:{file.sha256})" in with_picture.body
    assert "missing" not in with_picture.body


def test_a_web_clip_that_is_not_well_formed_loses_no_words(shared: Path):
    assert _sample(shared, "test-bracketlinks.enex")[0].body.endswith(
        "[47](http://www.sciencedirect.com/science/article/pii/S0166223607000434#bib47) and Marr [\\[48\\]](http://www.sciencedirect.com/science/article/pii/S0166223607000434#bib48)"
    )


def test_notes_alike_in_everything_are_numbered_and_found_again(shared: Path):
    path = shared / "samples" / "evernote" / "enex" / "test-3NotesWithSameName.enex"
    first = [row.ref.id for row in read(path) if isinstance(row, Change)]
    assert len(set(first)) == 3
    assert [row.ref.id for row in read(path) if isinstance(row, Change)] == first


def test_times_before_1970_places_and_authors(shared: Path):
    assert _sample(shared, "test-old-note.enex")[0].created == datetime(1969, 10, 6, 8, 44, 13, tzinfo=UTC)
    placed = _sample(shared, "test-sublists.enex")[0]
    assert (placed.latitude, placed.author) == (60.5566790535642, "Martin Hähnel")


def test_everything_of_a_note_is_kept():
    (cake, old, lost) = notes(read(FIXTURES / "Recipes.enex"))
    assert (cake.title, cake.tags, cake.notebook) == ("Zwetschgenkuchen für Sonntag", ["Kuchen", "Herbst"], "Recipes")
    assert cake.reminder == datetime(2025, 9, 20, 8, tzinfo=UTC)
    assert cake.source_url == "https://example.org/kuchen"
    assert [file.name for file in cake.files] == ["Kuchen.gif"]
    assert "Mehl & **Butter**, 180°C" in cake.body
    assert "| Mehl | 300 g |\n| --- | --- |\n| Zucker | 1 \\| 2 |" in cake.body
    assert '<en-crypt cipher="AES" length="128">RU5DMAECAwQ=</en-crypt>' in cake.body
    assert old.body == "- [x] Tree\n- [ ] Candles \\]\\]> matches\n\n- [ ] Wrap presents (due 2012-12-23)"
    assert "00000000000000000000000000000000 is missing in the export" in lost.body


def test_an_edited_text_keeps_the_id_and_a_new_title_does_not(tmp_path: Path):
    def identity(content: str) -> str:
        (change,) = [row for row in read(export(tmp_path, content)) if isinstance(row, Change)]
        return change.ref.id

    assert identity(note("a")) == identity(note("b")) != identity(note("a", title="U"))


def test_the_notebook_is_the_files_name_or_the_persons_word(tmp_path: Path):
    path = export(tmp_path, note("a"), name="My.Recipes.ENEX")
    assert notes(read(path))[0].notebook == "My.Recipes"
    assert notes(read(path, notebook="Cooking"))[0].notebook == "Cooking"


def test_a_zip_of_notebooks_is_read_in_order(tmp_path: Path):
    with zipfile.ZipFile(tmp_path / "all.zip", "w") as archive:
        for name in ("b/Work.enex", "a/Home.enex"):
            archive.write(export(tmp_path, note("x")), name)
    with open_archive(tmp_path / "all.zip") as archive:
        match = CONNECTOR.open_importer().recognise(archive)
        assert match is not None
        assert list(match.found) == ["2 notebooks"]
    assert [found.notebook for found in notes(read(tmp_path / "all.zip"))] == ["Home", "Work"]


@pytest.mark.parametrize(
    ("enml", "markdown"),
    [
        ("<div>a*b_c_d [x] &lt;i&gt; \\ `</div>", "a\\*b_c_d \\[x\\] \\<i> \\\\ \\`"),
        ("<div># no</div><div>1. no</div><div>- no</div>", "\\# no\n\n1\\. no\n\n\\- no"),
        ("<div>a<br/>b<br/><br/>c</div>", "a\\\nb\n\nc"),
        ("<div><b> bold </b>and <i>it</i><u>u</u></div>", "**bold** and *it*<u>u</u>"),
        ("<ol start='3'><li>a</li><li>b<ul><li>c</li></ul></li></ol>", "3. a\n4. b\n   - c"),
        ("<ul><li><div>a</div><div>b</div></li></ul>", "- a\n\n  b"),
        ("<blockquote><div>a</div><div>b</div></blockquote>", "> a\n>\n> b"),
        ("<h2>T <b>b</b></h2><hr/><pre>x\n  y</pre>", "## T **b**\n\n---\n\n```\nx\n  y\n```"),
        ("<a href='https://example.org/a b(c)'>t</a>", "[t](<https://example.org/a b(c)>)"),
        ("<a href='https://example.org'>https://example.org</a>", "<https://example.org>"),
        ("<div><en-todo/>a<br/><en-todo checked='true'/>b</div>", "- [ ] a\n- [x] b"),
        ("<div>&nbsp;caf&eacute;&hellip; &bogus; &#1;</div>", "café… \\&bogus;"),
        ("<span style='font-weight:bold'>a<br/>b</span>", "**a**\\\n**b**"),
        ("<div style='-en-codeblock:true'><div>a ``` b</div></div>", "````\na ``` b\n````"),
        ("<table><tr><td>a<br/>b</td></tr><tr><td>c</td><td>d</td></tr></table>", "| a<br>b |  |\n| --- | --- |\n| c | d |"),
    ],
)  # fmt: skip
def test_enml_becomes_markdown(tmp_path: Path, enml: str, markdown: str):
    assert body(tmp_path, enml) == markdown


def test_very_deep_nesting_keeps_its_words(tmp_path: Path):
    assert "deep" in body(tmp_path, "<div>" * 240 + "deep" + "</div>" * 240)
    assert "deep" in body(tmp_path, "<b>" * 240 + "deep" + "</b>" * 240)


def test_a_picture_inside_the_text_becomes_a_file(tmp_path: Path):
    (change,) = [
        row
        for row in read(export(tmp_path, note(f"<img src='data:image/png;base64,{b64encode(b'abc').decode()}'/>")))
        if isinstance(row, Change)
    ]
    (file,) = change.files
    assert file.open().read() == b"abc"
    assert isinstance(change.data, Note)
    assert change.data.body == f"![{file.name}](attachment:{file.sha256})"


def test_names_of_files_are_made_safe(tmp_path: Path):
    names = ("..\\..\\a&lt;b.txt", "/etc/passwd", "", "..", "x" * 500 + ".pdf")
    files = "".join(
        resource(
            name.encode(),
            f"<mime>text/plain</mime><resource-attributes><file-name>{name}</file-name></resource-attributes>",
        )
        for name in names
    )
    (only,) = notes(read(export(tmp_path, note("a", more=files))))
    found = [file.name for file in only.files]
    assert found[:2] == ["a_b.txt", "passwd"]
    assert found[2].endswith(".txt")
    assert found[3].endswith(".txt")
    assert all("/" not in name and len(name) <= 200 for name in found)


def test_the_machines_own_table_of_types_names_no_file(tmp_path: Path):
    mimetypes.add_type("application/x-known-only-here", ".here")
    try:
        files = resource(b"abc", "<mime>application/x-known-only-here</mime>")
        (only,) = notes(read(export(tmp_path, note("a", more=files))))
    finally:
        mimetypes.init()
    assert [file.name for file in only.files] == [hashlib.sha256(b"abc").hexdigest()[:8]]


def test_attachments_can_be_read_again_and_in_any_order(tmp_path: Path):
    data = [bytes([number]) * 300_000 for number in range(3)]
    path = export(tmp_path, *(note("a", title=str(number), more=resource(one)) for number, one in enumerate(data)))
    files = [row.files[0] for row in read(path) if isinstance(row, Change)]
    for number in (2, 0, 1, 2):
        with files[number].open() as stream:
            assert stream.read(10) == data[number][:10]
            assert stream.read() == data[number][10:]


def test_control_characters_and_bad_utf8_do_not_stop_a_note(tmp_path: Path):
    path = export(tmp_path, note("a\x0bb&#x1f;c", title="x&#11;y"))
    path.write_bytes(path.read_bytes().replace(b"<title>x", b"<title>\xff\x00x"))
    (only,) = notes(read(path))
    assert (only.title, only.body) == ("\ufffdxy", "abc")


def test_an_export_in_utf16_is_read(tmp_path: Path):
    path = export(tmp_path, note("ü"), head=HEAD.replace("UTF-8", "UTF-16"))
    path.write_bytes(path.read_text(encoding="utf-8").encode("utf-16"))
    assert notes(read(path))[0].body == "ü"


def test_a_truncated_export_gives_its_whole_notes_and_says_so(tmp_path: Path):
    whole = export(tmp_path, note("a", title="1"), note("b", title="2")).read_bytes()
    path = tmp_path / "cut.enex"
    path.write_bytes(whole[: whole.index(b"<title>2") + 20])
    found = read(path)
    assert [n.title for n in notes(found)] == ["1"]
    assert refused(found) == ["cut.enex, line 4: the file ends in the middle of this note"]
    path.write_bytes(whole.removesuffix(b"</en-export>"))
    assert len(notes(read(path))) == 2
    assert "ends early" in refused(read(path))[0]


def test_a_damaged_note_is_refused_with_its_line_and_the_next_is_read(tmp_path: Path):
    broken = "<note><title>bad</created></note>\n"
    found = read(export(tmp_path, note("a", title="1"), broken, note("b", title="2"), broken, note("c", title="3")))
    assert [n.title for n in notes(found)] == ["1", "2", "3"]
    assert refused(found) == ["Book.enex, line 4: mismatched tag", "Book.enex, line 6: mismatched tag"]


def test_a_broken_attachment_costs_only_itself(tmp_path: Path):
    found = read(export(tmp_path, note("a", more="<resource><data>####</data></resource>" + resource(b"ok"))))
    assert [len(row.files) for row in found if isinstance(row, Change)] == [1]
    assert "not valid base64" in refused(found)[0]


@pytest.mark.parametrize(
    "dtd",
    [
        '<!DOCTYPE en-export [<!ENTITY a "ha"><!ENTITY b "&a;&a;&a;&a;&a;&a;">]>',
        '<!DOCTYPE en-export [<!ENTITY x SYSTEM "file:///etc/passwd">]>',
        '<!DOCTYPE en-export [<!ENTITY % p SYSTEM "http://example.org/x.dtd"> %p;]>',
    ],
)
def test_bombs_and_external_entities_are_refused(tmp_path: Path, dtd: str):
    with pytest.raises(PersonMustFix, match="entities"):
        read(export(tmp_path, note("a", title="&b;"), head=dtd))


def test_entities_declared_inside_a_note_are_never_expanded(tmp_path: Path):
    enml = "<!DOCTYPE en-note [<!ENTITY x SYSTEM 'file:///etc/passwd'>]><en-note><div>&x;!</div></en-note>"
    (only,) = notes(read(export(tmp_path, f"<note><title>T</title><content><![CDATA[{enml}]]></content></note>")))
    assert only.body == "\\&x;!"


@pytest.mark.parametrize("content", [b"\x00\x01\x02", b"<html></html>", b"  "])
def test_files_that_only_have_the_name_are_not_recognised(tmp_path: Path, content: bytes):
    path = tmp_path / "Book.enex"
    path.write_bytes(content)
    with open_archive(path) as archive:
        assert CONNECTOR.open_importer().recognise(archive) is None
    with pytest.raises(PersonMustFix, match="no Evernote export"):
        read(path)


def test_notes_without_content_title_or_anything_are_still_notes(tmp_path: Path):
    found = read(
        export(tmp_path, "<note></note><note><content>plain words</content><created>yesterday</created></note>")
    )
    first, second = notes(found)
    assert (first.title, first.body) == ("", "")
    assert (second.body, second.created, second.extra) == ("plain words", None, {"created": "yesterday"})
