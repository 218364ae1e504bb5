import msgspec

from entrepot.transport.dig import dig, place_in


class Inner(msgspec.Struct):
    after: str


class Outer(msgspec.Struct):
    page: Inner


def test_values_are_found_in_objects_lists_and_structs():
    data = {"a": [{"b": 1}], "@odata.nextLink": "x"}
    assert dig(data, "a.0.b") == 1
    assert dig(data, "@odata.nextLink") == "x"
    assert dig(Outer(Inner("z")), "page.after") == "z"
    assert dig(data, "") is data


def test_a_path_that_leads_nowhere_gives_none():
    for path in ("b", "a.1.b", "a.x", "a.0.b.c", "a.-1"):
        assert dig({"a": [{"b": None}]}, path) is None
    assert dig("text", "0") is None


def test_a_value_is_placed_in_a_copy():
    data = {"variables": {"first": 5}, "query": "q"}
    assert place_in(data, "variables.after", "c") == {"variables": {"first": 5, "after": "c"}, "query": "q"}
    assert data == {"variables": {"first": 5}, "query": "q"}
    assert place_in({}, "a.b", 1) == {"a": {"b": 1}}
