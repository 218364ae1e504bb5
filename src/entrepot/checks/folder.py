"""Rules about a connector's folder: its manifest, its README, its icon, the size of its files."""

import re

from lxml import etree

from entrepot.checks.subject import Subject
from entrepot.core.errors import PersonMustFix
from entrepot.declarative.compile import compile_connector

_MANIFEST_LINES = 150
_PYTHON_LINES = 250
_ICON_BYTES = 1024
_README_WORDS = 30
_SCAFFOLD = "What a person has to do at the service before connecting, and what is not read."


def manifest_is_valid(subject: Subject) -> list[str]:
    problems = [str(problem) for problem in subject.examined.problems]
    for path in (subject.entry.manifest, *sorted(subject.folder.glob("*.py"))):
        lines = len(path.read_text("utf-8").splitlines())
        most = _PYTHON_LINES if path.suffix == ".py" else _MANIFEST_LINES
        if lines > most:
            problems.append(f"{path.name} has {lines} lines, {most} at most; split it by idea")
    return [*problems, *_missing_code(subject)]


def _missing_code(subject: Subject) -> list[str]:
    """The Python and the queries that the manifest names."""
    manifest = subject.manifest
    if manifest is None or subject.examined.problems:
        return []
    try:
        if manifest.is_archive:
            subject.entry.open_importer()
        if manifest.is_live:
            compile_connector(subject.entry, manifest)
    except PersonMustFix as why:
        return [why.message]
    return []


def readme_helps(subject: Subject) -> list[str]:
    """It is for the person: how to get the file or register the app, and the known limits."""
    path = subject.folder / "README.md"
    if not path.is_file():
        return ["README.md is missing"]
    text = path.read_text("utf-8")
    problems: list[str] = []
    if not text.startswith("# "):
        problems.append("README.md begins with a heading")
    if len(re.findall(r"\w+", text)) < _README_WORDS or _SCAFFOLD in text:
        problems.append("README.md does not yet tell a person what to do")
    manifest = subject.manifest
    wanted = [name for name, setting in (manifest.settings if manifest else {}).items() if setting.required]
    return [*problems, *(f"README.md says nothing of the setting {name}" for name in wanted if name not in text)]


def icon_is_drawn(subject: Subject) -> list[str]:
    path = subject.folder / "icon.svg"
    if not path.is_file():
        return ["icon.svg is missing"]
    data = path.read_bytes()
    try:
        root = etree.fromstring(data, etree.XMLParser(resolve_entities=False, no_network=True))
    except etree.XMLSyntaxError as why:
        return [f"icon.svg is not XML: {why}"]
    problems: list[str] = []
    if len(data) > _ICON_BYTES:
        problems.append(f"icon.svg has {len(data)} bytes, {_ICON_BYTES} at most")
    if root.get("viewBox") != "0 0 32 32":
        problems.append('icon.svg has viewBox="0 0 32 32"')
    names = {etree.QName(each).localname for each in root.iter() if isinstance(each.tag, str)}
    outside = [value for each in root.iter() for key, value in each.attrib.items() if str(key).endswith("href")]
    if "script" in names or outside:
        problems.append("icon.svg holds nothing that runs or is fetched")
    return problems
