"""Variables as a query declares them."""

from entrepot.declarative.graphql_body import body_of

QUERY = "mutation ($id: Int!, $other: [Int], $name: String, $count:Int) { f }"


def test_digits_become_a_number_where_the_query_says_so():
    given = {"id": "1001", "name": "1001", "other": "7", "count": "12", "more": "5"}
    assert body_of(QUERY, given)["variables"] == {"id": 1001, "name": "1001", "other": "7", "count": 12, "more": "5"}


def test_what_is_no_number_is_the_service_to_refuse():
    assert body_of(QUERY, {"id": "a1", "count": None})["variables"] == {"id": "a1", "count": None}
