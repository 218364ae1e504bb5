"""Nothing grows beyond what a reader can hold in mind."""

import ast
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
SOURCE = sorted((ROOT / "src").rglob("*.py"))
ALL = [*SOURCE, *sorted((ROOT / "tests").rglob("*.py")), *sorted((ROOT / "bench").rglob("*.py"))]
CONNECTORS = ROOT / "src" / "entrepot" / "connectors"
VAGUE = {"utils", "util", "helpers", "helper", "common", "manager", "managers", "base", "misc"}


def _name(path: Path) -> str:
    return str(path.relative_to(ROOT))


@pytest.mark.parametrize("path", ALL, ids=_name)
def test_a_file_has_at_most_400_lines_and_a_function_at_most_50(path: Path):
    text = path.read_text()
    assert text.count("\n") <= 400
    functions = [n for n in ast.walk(ast.parse(text)) if isinstance(n, ast.FunctionDef | ast.AsyncFunctionDef)]
    assert [f.name for f in functions if (f.end_lineno or 0) - f.lineno >= 50] == []


def test_most_files_are_below_200_lines_and_most_functions_below_15():
    lengths = sorted(path.read_text().count("\n") for path in SOURCE)
    functions = sorted(
        (n.end_lineno or 0) - n.lineno + 1
        for path in SOURCE
        for n in ast.walk(ast.parse(path.read_text()))
        if isinstance(n, ast.FunctionDef | ast.AsyncFunctionDef)
    )
    assert lengths[int(len(lengths) * 0.75)] < 200
    assert functions[int(len(functions) * 0.75)] < 15


def test_every_module_says_what_it_is_for_and_has_a_name_that_means_something():
    for path in SOURCE:
        if path.name != "__init__.py":
            assert ast.get_docstring(ast.parse(path.read_text())), _name(path)
        assert path.stem not in VAGUE, _name(path)


def test_only_connectors_go_one_folder_deeper():
    for path in SOURCE:
        depth = len(path.relative_to(ROOT / "src" / "entrepot").parts)
        deeper = path.is_relative_to(CONNECTORS) or "migrations" in path.parts
        assert depth <= (4 if deeper else 2), _name(path)


def test_a_manifest_has_at_most_150_lines_and_a_connectors_module_at_most_250():
    for path in CONNECTORS.glob("*/manifest.yaml"):
        assert path.read_text().count("\n") <= 150, _name(path)
    for path in CONNECTORS.glob("*/*.py"):
        assert path.read_text().count("\n") <= 250, _name(path)


def test_nothing_imports_our_own_code_inside_a_function():
    late = [
        f"{_name(path)}:{node.lineno}"
        for path in SOURCE
        for function in ast.walk(ast.parse(path.read_text()))
        if isinstance(function, ast.FunctionDef | ast.AsyncFunctionDef)
        for node in ast.walk(function)
        if isinstance(node, ast.ImportFrom) and ((node.module or "").startswith("entrepot") or node.level)
    ]
    assert late == []


def test_every_exception_from_a_rule_has_its_reason_beside_it():
    for path in ALL:
        for number, line in enumerate(path.read_text().splitlines(), 1):
            for mark in ("# noqa:", "# pyright: ignore["):
                if mark in line and mark not in line.split('"')[-2:-1]:
                    said = line.split(mark, 1)[1]
                    rest = (
                        said.split("]", 1)[1]
                        if "ignore[" in mark
                        else said.lstrip().partition(" ")[2].lstrip("0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ, ")
                    )
                    assert rest.strip(" #:-–—"), f"{_name(path)}:{number} gives no reason"
