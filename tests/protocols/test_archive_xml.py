from pathlib import Path

import pytest

from entrepot.core.errors import PersonMustFix
from entrepot.protocols import archive_xml
from entrepot.protocols.archive import open_archive
from entrepot.protocols.archive_xml import elements, root_of, without_controls
from entrepot.sdk.archive import Entry

BROKEN_DOCTYPE = """<!DOCTYPE HealthData [
<!-- not a DTD -->
<!ELEMENT HealthData (ExportDate,(Record|Workout)*)>
<!ATTLIST HealthData
  locale CDATA #REQUIRED
>
  unit CDATA #IMPLIED
  "value>
]>
"""


def entry_of(tmp_path: Path, data: str | bytes) -> Entry:
    path = tmp_path / "x.xml"
    path.write_bytes(data.encode() if isinstance(data, str) else data)
    return next(open_archive(path).entries())


def texts(tmp_path: Path, data: str | bytes, *tags: str) -> list[str | None]:
    return [element.text for element in elements(entry_of(tmp_path, data), *(tags or ("b",)))]


@pytest.mark.parametrize("chunk", [7, 1 << 17])
def test_elements_come_complete_and_in_order(tmp_path: Path, chunk: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(archive_xml, "_CHUNK", chunk)
    text = '<?xml version="1.0"?>\n<!-- c --><a k="v"><skip><b>0</b></skip><b>1<c x="1"/><c x="2"/></b>tail<other/><b>2</b><d><b>3</b></d></a>'
    seen = []
    for element in elements(entry_of(tmp_path, text), "b", "d"):
        root = element.getroottree().getroot()
        seen.append((element.tag, element.text, [child.get("x") for child in element], root.get("k")))
    assert seen == [
        ("b", "0", [], "v"),
        ("b", "1", ["1", "2"], "v"),
        ("b", "2", [], "v"),
        ("b", "3", [], "v"),
        ("d", None, [None], "v"),
    ]


@pytest.mark.parametrize("chunk", [5, 1 << 17])
def test_an_element_inside_another_one_comes_first_and_stays_in_it(
    tmp_path: Path, chunk: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(archive_xml, "_CHUNK", chunk)
    text = "<a>" + "<outer>" + "<b>1</b><b>2</b><x/><b>3</b>" * 50 + "</outer><b>9</b></a>"
    found = [(element.tag, len(element)) for element in elements(entry_of(tmp_path, text), "b", "outer")]
    assert found == [("b", 0)] * 150 + [("outer", 200), ("b", 0)]


def test_namespaces_are_asked_for_by_name_or_by_star(tmp_path: Path) -> None:
    text = '<p:a xmlns:p="urn:x"><p:b>1</p:b><b>2</b></p:a>'
    assert texts(tmp_path, text, "{urn:x}b") == ["1"]
    assert texts(tmp_path, text, "{*}b") == ["1", "2"]
    assert texts(tmp_path, text, "b") == ["2"]
    assert root_of(entry_of(tmp_path, text)) == "a"


def test_the_root_itself_may_be_asked_for(tmp_path: Path) -> None:
    assert texts(tmp_path, "<a>x<a>y</a></a>", "a") == ["y", "x"]
    assert texts(tmp_path, "<a/>", "a") == [None]


@pytest.mark.parametrize(
    "doctype",
    [
        '<!DOCTYPE a SYSTEM "http://example.org/x>y.dtd">',
        "<!DOCTYPE a PUBLIC '-//X' \"x.dtd\" [<!ELEMENT a ANY>]>",
        BROKEN_DOCTYPE,
        "<!-- <!DOCTYPE no> --><?pi x?>\n<!DOCTYPE a>",
    ],
)
def test_a_doctype_is_passed_over_even_a_broken_one(tmp_path: Path, doctype: str) -> None:
    text = f'<?xml version="1.0" encoding="UTF-8"?>\n{doctype}\n<a><b>Größe</b></a>'
    assert texts(tmp_path, text) == ["Größe"]
    assert root_of(entry_of(tmp_path, text)) == "a"


BOMB = '<!DOCTYPE a [<!ENTITY x "xxxxxxxxxx"><!ENTITY y "&x;&x;&x;&x;&x;">]><a><b>&y;</b></a>'
FILE = '<!DOCTYPE a [<!ENTITY x SYSTEM "file:///etc/passwd">]><a><b>&x;</b></a>'
PARAMETER = '<!DOCTYPE a [ <!entity % x SYSTEM "http://example.org/x.dtd"> %x;]><a><b/></a>'


@pytest.mark.parametrize("text", [BOMB, FILE, PARAMETER])
@pytest.mark.parametrize("encoding", ["utf-8", "utf-16", "utf-8-sig", "utf-32"])
def test_bombs_and_external_entities_are_refused(tmp_path: Path, text: str, encoding: str) -> None:
    with pytest.raises(PersonMustFix, match="declares XML entities"):
        texts(tmp_path, text.encode(encoding))
    assert root_of(entry_of(tmp_path, text.encode(encoding))) is None


def test_an_encoding_that_could_hide_a_doctype_is_refused(tmp_path: Path) -> None:
    hidden = '<?xml version="1.0" encoding="UTF-7"?>+ADw-!DOCTYPE a+AFs-+AF0-+AD4-<a/>'
    with pytest.raises(PersonMustFix, match="encoded as utf-7"):
        texts(tmp_path, hidden)


def test_an_entity_nobody_declared_is_an_error_of_the_file(tmp_path: Path) -> None:
    with pytest.raises(PersonMustFix, match="not well-formed"):
        texts(tmp_path, "<a><b>&nothing;</b></a>")


@pytest.mark.parametrize(
    ("text", "encoding"),
    [
        ('<?xml version="1.0" encoding="UTF-16"?><a><b>Größe</b></a>', "utf-16"),
        ('<?xml version="1.0" encoding="utf-16"?><a><b>Größe</b></a>', "utf-8"),
        ('<?xml version="1.0" encoding="ISO-8859-1"?><a><b>Größe</b></a>', "latin-1"),
        ("<a><b>Größe</b></a>", "utf-8-sig"),
    ],
)
def test_encodings_are_read_even_where_the_declaration_lies(tmp_path: Path, text: str, encoding: str) -> None:
    assert texts(tmp_path, text.encode(encoding)) == ["Größe"]


@pytest.mark.parametrize(
    "text", ["<a><b>1</b><b>", "<a><b>1</b></a", "<a><b>1</b></a><a/>", "<a><b>1</b>\x01</a>", "<a><b>1</b><c></a>"]
)
def test_what_is_not_well_formed_is_told_after_what_came_before(tmp_path: Path, text: str) -> None:
    seen: list[str | None] = []
    with pytest.raises(PersonMustFix, match=r"x\.xml is not well-formed XML"):
        seen.extend(element.text for element in elements(entry_of(tmp_path, text), "b"))
    assert seen == ["1"]


@pytest.mark.parametrize("text", ["", " ", "no xml", "<!-- only -->", "<!DOCTYPE a [", "{}", "\0\0"])
def test_what_is_no_xml_says_so(tmp_path: Path, text: str) -> None:
    (tmp_path / "y.xml").write_text("<a/>")
    path = tmp_path / "x.xml"
    path.write_text(text)
    with open_archive(tmp_path) as archive:
        entry = archive.entry("x.xml")
        assert entry
        assert root_of(entry) is None
        with pytest.raises(PersonMustFix, match="is not XML"):
            list(elements(entry, "b"))


def test_control_characters_can_be_filtered(tmp_path: Path) -> None:
    entry = entry_of(tmp_path, "<a><b>x\x01y\tz</b></a>")
    assert [element.text for element in elements(entry, "b", through=without_controls)] == ["x y\tz"]


def test_an_element_without_end_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(archive_xml, "LARGEST_ELEMENT", 1000)
    monkeypatch.setattr(archive_xml, "_CHUNK", 100)
    for text in ("<a><b>" + "x" * 30_000, "<a>" + "x" * 30_000, "<a><b>" + "<c/>" * 10_000):
        with pytest.raises(PersonMustFix, match="element of more than"):
            texts(tmp_path, text)


def test_long_text_is_read(tmp_path: Path) -> None:
    assert [len(text or "") for text in texts(tmp_path, "<a><b>" + "x" * 20_000_000 + "</b></a>")] == [20_000_000]
