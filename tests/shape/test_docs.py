"""What the documents say is what the code is."""

import re
from pathlib import Path

from entrepot.declarative.compile import is_written
from entrepot.sdk import manifest_file
from entrepot.sdk.catalog import Catalog
from entrepot.settings import VARIABLES

ROOT = Path(__file__).parents[2]
PACKAGE = ROOT / "src" / "entrepot"


def test_architecture_names_every_package_and_no_other():
    text = (ROOT / "ARCHITECTURE.md").read_text()
    tree = text.split("```")[1]
    named = set(re.findall(r"^    (\w+)/", tree, re.MULTILINE)) | set(re.findall(r"^    (\w+)\.py", tree, re.MULTILINE))
    real = {p.name for p in PACKAGE.iterdir() if p.is_dir() and p.name != "__pycache__"}
    real |= {p.stem for p in PACKAGE.glob("*.py") if not p.name.startswith("__")}
    assert named == real


def test_architecture_names_every_module():
    text = (ROOT / "ARCHITECTURE.md").read_text()
    missing = [
        str(path.relative_to(PACKAGE))
        for path in PACKAGE.glob("*/*.py")
        if path.name != "__init__.py" and not re.search(rf"\b{path.stem}\b", text)
    ]
    assert missing == []


def test_every_setting_is_documented_and_in_the_example():
    readme = (ROOT / "README.md").read_text()
    example = (ROOT / ".env.example").read_text()
    for name in VARIABLES:
        assert name in readme, name
        assert name in example, name


def test_every_file_a_document_links_to_exists():
    for document in [*ROOT.glob("*.md"), *(ROOT / "docs").rglob("*.md")]:
        for target in re.findall(r"\]\((?!https?://|#|mailto:)([^)#\s]+)", document.read_text()):
            assert (document.parent / target).exists(), f"{document.name} → {target}"


def test_every_decision_is_one_short_record():
    for record in (ROOT / "docs" / "why").glob("*.md"):
        text = record.read_text()
        assert text.startswith("# "), record.name
        assert text.count("\n") <= 100, record.name


def test_the_readme_lists_every_connector_with_what_it_reads_and_how_it_connects():
    table = (ROOT / "README.md").read_text().split("<!-- connectors -->")[1].split("<!-- end -->")[0]
    rows = {cells[1].strip(" `"): cells for line in table.splitlines()[3:] if (cells := line.split("|"))[1:]}
    entries = {entry.id: entry for entry in Catalog().listing()}
    assert set(rows) == set(entries)
    for name, entry in entries.items():
        assert rows[name][3].strip() == ", ".join(entry.kinds), name
        manifest = manifest_file.load(entry.manifest)
        told = {"feed": "told", "absence": "found", "never": "–"}
        deletions = {told[manifest.stream(stream).deletions] for stream in manifest.streams}
        assert rows[name][4].strip() == (", ".join(sorted(deletions)) if "live" in entry.reads else "–"), name
        written = any(is_written(entry, manifest, stream) for stream in manifest.streams)
        assert rows[name][5].strip() == ("yes" if written else "–"), name


def test_every_app_registration_stands_in_the_example():
    example = (ROOT / ".env.example").read_text()
    for entry in Catalog().listing():
        schemes = manifest_file.load(entry.manifest).schemes if "live" in entry.reads else []
        if any(scheme.scheme == "oauth2" for scheme in schemes):
            assert f"{entry.id.upper()}_CLIENT_ID=" in example
            assert f"{entry.id.upper()}_CLIENT_SECRET=" in example
