"""Paths through JSON Schema, as loosely and as tangled as vendors write it."""

import pytest

from entrepot.checks.schema import Schema

DOCUMENT = {
    "components": {
        "schemas": {
            "Tree": {
                "type": "object",
                "properties": {
                    "children": {"type": "array", "items": {"$ref": "#/components/schemas/Tree"}},
                    "a/b": {"type": "string"},
                },
            },
            "Loop": {"allOf": [{"$ref": "#/components/schemas/Loop"}, {"properties": {"x": {"enum": ["a", None]}}}]},
            "Either": {
                "oneOf": [{"properties": {"kind": {"const": "one"}}}, {"properties": {"kind": {"enum": ["two"]}}}]
            },
            "Both": {
                "allOf": [{"$ref": "#/components/schemas/Tree"}],
                "properties": {"own": {"type": ["boolean", "null"]}},
            },
            "Map": {
                "type": "object",
                "additionalProperties": {"type": "object", "properties": {"n": {"type": "integer"}}},
            },
            "Free": {"type": "object"},
            "Closed": {"type": "object", "additionalProperties": False},
            "Text": {"type": "string"},
            "Anything": True,
        }
    }
}


def at(name, *steps):
    return Schema({"$ref": f"#/components/schemas/{name}"}, DOCUMENT).at(steps)


@pytest.mark.parametrize(
    ("name", "path", "state"),
    [
        ("Tree", ("children", "*", "children", "0", "a/b"), "described"),
        ("Tree", ("childs",), "missing"),
        ("Tree", ("*",), "missing"),
        ("Loop", ("x",), "described"),
        ("Loop", ("y",), "missing"),
        ("Either", ("kind",), "described"),
        ("Both", ("own",), "described"),
        ("Both", ("children", "*"), "described"),
        ("Map", ("whatever", "n"), "described"),
        ("Map", ("whatever", "m"), "missing"),
        ("Free", ("x", "y"), "open"),
        ("Closed", ("x",), "missing"),
        ("Text", ("x",), "missing"),
        ("Anything", ("x",), "open"),
    ],
)
def test_a_path_is_described_open_or_missing(name, path, state):
    assert at(name, *path).state == state


@pytest.mark.parametrize(
    ("name", "path", "values"),
    [
        ("Either", ("kind",), {"one", "two"}),
        ("Loop", ("x",), {"a"}),
        ("Both", ("own",), {True, False}),
        ("Tree", ("a/b",), set()),
    ],
)
def test_documented_values_are_gathered_from_every_alternative(name, path, values):
    assert at(name, *path).values() == values


def test_a_reference_to_nothing_is_said():
    with pytest.raises(ValueError, match="does not have"):
        at("Nothing", "x")


def test_a_reference_may_be_quoted_as_part_of_an_address():
    held = {"type": "object", "properties": {"name": {"type": "string"}}}
    document = {"paths": {"/lists/{id}": {"schema": held}}}
    found = Schema({"$ref": "#/paths/~1lists~1%7Bid%7D/schema"}, document).at(["name"])
    assert found.state == "described"
