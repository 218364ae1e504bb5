"""Proposals on tables as people make them, in the layouts of the services that let them."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from entrepot.core.kinds import KINDS
from entrepot.core.lens_spec import build, build_all
from entrepot.core.mapping import Mapping
from entrepot.core.path import steps
from entrepot.core.suggestion_lines import targets
from entrepot.core.suggestion_shapes import Property, properties_of, shape_of
from entrepot.core.suggestion_words import NAMES, VALUES, meaning, words_of
from entrepot.core.suggestions import LEAST, suggest


def notion(kind, value):
    return {"id": "%3A", "type": kind, kind: value}


def text(words):
    return [{"type": "text", "text": {"content": words, "link": None}, "plain_text": words, "href": None}]


def option(name):
    return {"id": "o", "name": name, "color": "red"}


def notion_rows(title, due, status, priority, tags, notes, person, words):
    """Rows of a database: `words` are what its people call the values, status first."""
    states, levels = words
    return [
        {
            "object": "page", "id": str(number), "created_time": "2026-01-01T10:00:00.000Z",
            "last_edited_time": "2026-01-02T10:00:00.000Z", "created_by": {"object": "user", "id": "u1"},
            "parent": {"type": "data_source_id", "data_source_id": "d1", "database_id": "b1"},
            "in_trash": False, "url": "https://www.notion.so/1", "icon": None,
            "properties": {
                person: notion("people", [{"object": "user", "id": "u1", "name": "A", "type": "person", "person": {}}]),
                notes: notion("rich_text", text("milk and honey") if number else []),
                tags: notion("multi_select", [option("home"), option("work")]),
                priority: notion("select", option(levels[number % 3])),
                status: notion("status", option(states[number % 3])),
                due: notion("date", {"start": f"2026-03-0{number + 1}", "end": None, "time_zone": None}),
                "Formula": notion("formula", {"type": "string", "string": "x"}),
                title: notion("title", text(f"Tea {number}")),
            },
        }
        for number in range(6)
    ]  # fmt: skip


LANGUAGES = {
    "en": (
        "Task name", "Deadline", "Status", "Priority", "Tags", "Notes", "Assigned to",
        (["Not started", "In progress", "Done"], ["High", "Medium", "Low"]),
    ),
    "de": (
        "Aufgabe", "Fällig am", "Stand", "Priorität", "Schlagworte", "Notizen", "Zuständig",
        (["Offen", "In Arbeit", "Erledigt"], ["Hoch", "Mittel", "Niedrig"]),
    ),
    "fr": (
        "Tâche", "Échéance", "État", "Priorité", "Étiquettes", "Remarques", "Responsable",
        (["À faire", "En cours", "Terminé"], ["Haute", "Moyenne", "Basse"]),
    ),
    "es": (
        "Tarea", "Fecha límite", "Estado", "Prioridad", "Etiquetas", "Descripción", "Asignado a",
        (["Pendiente", "En curso", "Hecho"], ["Alta", "Media", "Baja"]),
    ),
}  # fmt: skip


def by_field(kind, columns):
    return {each.field: each for each in suggest(kind, columns)}


def read_with(proposals, record):
    return Mapping(build_all({each.field: each.line for each in proposals})).read(record)


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_notion_database_of_tasks_is_understood(language):
    names = LANGUAGES[language]
    rows = notion_rows(*names)
    found = suggest("task", properties_of(rows))
    assert {each.field: each.column.removeprefix("properties.") for each in found} == {
        "title": names[0], "due": names[1], "progress": names[2], "priority": names[3], "keywords": names[4],
        "description": names[5], "assignees": names[6], "created": "created_time", "updated": "last_edited_time",
        "links.0": "url",
    }  # fmt: skip
    assert all(each.score > 0.8 for each in found)
    task = read_with(found, rows[1])
    assert (task["title"], task["due"], task["showWithoutTime"]) == ("Tea 1", "2026-03-02T00:00:00", True)
    assert (task["progress"], task["priority"], task["keywords"]) == ("in-process", 5, ["home", "work"])
    assert (task["description"], task["assignees"]) == ("milk and honey", ["A"])


def test_the_title_of_a_page_is_its_title_whatever_it_is_called():
    [found] = suggest("task", [Property(path="p", name="Zzz", values=[notion("title", text("Tea"))])])
    assert (found.field, found.line) == ("title", {"at": "p.title", "each": "plain_text", "joined": ""})
    assert found.reason == "the service says it is the title; declared as title; reads 1 of 1 samples"


def test_hubspot_deals_are_text_throughout_and_still_understood():
    deal = {
        "id": "7", "createdAt": "2026-01-01T00:00:00Z", "updatedAt": "2026-01-02T00:00:00Z", "archived": False,
        "properties": {
            "dealname": "Roof", "amount": "1200.50", "deal_currency_code": "EUR", "dealstage": "closedwon",
            "pipeline": "default", "closedate": "2026-03-01T00:00:00Z", "hubspot_owner_id": "41",
            "wahrscheinlichkeit": "0.5", "beschreibung": "A new roof", "hs_object_id": "7",
        },
    }  # fmt: skip
    found = suggest("deal", properties_of([deal]))
    read = read_with(found, deal)
    assert (read["name"], str(read["amount"]), read["currency"]) == ("Roof", "1200.50", "EUR")
    assert (read["stage"], read["pipeline"], read["owner"], read["probability"]) == ("closedwon", "default", "41", 0.5)
    assert read["closeDate"].year == 2026
    assert "hs_object_id" not in str([each.column for each in found])
    assert by_field("deal", properties_of([deal]))["amount"].line == {"at": "properties.amount", "as": "decimal_text"}


def test_salesforce_contacts_with_custom_fields_are_understood():
    contact = {
        "attributes": {"type": "Contact", "url": "/services/data/v65.0/sobjects/Contact/003"},
        "Id": "003", "FirstName": "Ann", "LastName": "B", "Email": "ann@example.org", "Phone": "+49 30 123456",
        "Title": "CTO", "MailingStreet": "Way 1", "MailingCity": "Ulm", "MailingPostalCode": "89073",
        "MailingCountry": "DE", "Anrede__c": "Dr.", "CreatedDate": "2026-01-01T10:00:00.000+0000", "Department": None,
    }  # fmt: skip
    found = by_field("contact", properties_of([contact]))
    assert {field: each.line for field, each in found.items() if field != "created"} == {
        "name.given": "FirstName", "name.surname": "LastName", "name.title": "Anrede__c",
        "emails.0.address": "Email", "phones.0.number": "Phone", "titles.0": "Title",
        "addresses.0.street": "MailingStreet", "addresses.0.locality": "MailingCity",
        "addresses.0.postcode": "MailingPostalCode", "addresses.0.country": "MailingCountry",
    }  # fmt: skip


def test_a_table_of_books_is_understood():
    rows = [
        {
            "Título": f"Book {number}", "Autor": "F", "Estado": ["Leído", "Por leer", "Leyendo"][number % 3],
            "Valoración": str([4, 5, 3][number % 3]), "Fecha de fin": f"{number + 14}/03/2025", "Páginas": "412",
            "Etiquetas": "sf; classic", "Tipo": "Libro", "": "",
        }
        for number in range(5)
    ]  # fmt: skip
    found = suggest("library_entry", properties_of(rows))
    assert read_with(found, rows[0]) == {
        "title": "Book 0", "status": "completed", "score": 70, "finished": "2025-03-14", "total": 412,
        "tags": ["sf", "classic"], "medium": "book",
    }  # fmt: skip


def one(kind, name, *values, **said):
    found = suggest(kind, [Property(path="x", name=name, values=values, **said)])
    return found[0] if found else None


def test_values_speak_against_a_name():
    assert (
        one("task", "Due date", "2026-03-02", "2026-04-05").score
        > one("task", "Due date", *["2026-03-02"] * 4, "soon").score
    )
    assert one("task", "Due date", "soon", "later") is None
    assert one("contact", "Email", "ann@example.org").field == "emails.0.address"
    assert one("contact", "Email", "yes", "no") is None
    assert one("library_entry", "Note", 4, 5, 3).field == "score"
    assert one("library_entry", "Note", "A fine book").field == "notes"


def test_types_speak_for_and_against_a_name():
    plain = one("task", "Due date")
    assert one("task", "Due date", type="date").score > plain.score
    assert one("task", "Due date", type="checkbox") is None
    assert "though declared as number" in one("task", "Title", "a", "b", type="number").reason


def test_a_name_that_fits_in_part_needs_something_else_that_speaks_for_it():
    assert one("task", "Due date of the first part") is None
    found = one("task", "Due date of the first part", "2026-03-02", type="date")
    assert (
        found.reason
        == "'Due date of the first part' has 'due date' in it, a name of due; declared as date; reads 1 of 1 samples"
    )


def test_choices_with_a_few_unknown_values_are_proposed_and_say_so():
    found = one("task", "Status", "Offen", "Erledigt", "Beim Kunden", "Offen")
    assert found.line == {
        "at": "x",
        "table": {"Offen": "needs-action", "Erledigt": "completed"},
        "ignored": ["Beim Kunden"],
    }
    assert "2 of its 3 values are known" in found.reason
    assert one("task", "Status", "Alpha", "Beta", "Offen") is None


def test_two_words_for_one_value_leave_it_clear_which_is_written():
    found = one("task", "Status", "Done", "Closed", "To do", options=["To do", "Done", "Closed"])
    assert found.line["writes"] == {"completed": "Done"}
    assert not build("progress", found.line).one_way


def test_a_checkbox_is_a_status():
    assert one("task", "Erledigt", notion("checkbox", True), notion("checkbox", False)).line == {
        "at": "x.checkbox", "table": {True: "completed", False: "needs-action"},
    }  # fmt: skip
    assert one("library_entry", "Is private", "ja", "nein").line == {"at": "x", "table": {"ja": True, "nein": False}}


@pytest.mark.parametrize(
    ("values", "line"),
    [
        (["2026-03-02T10:00:00Z"], {"at": "x", "as": "instant"}),
        (["2026-03-02"], {"at": "x", "as": "instant", "zone": "Etc/UTC"}),
        ([1767261600], {"at": "x", "as": "epoch"}),
        ([1767261600000], {"at": "x", "as": "epoch_ms"}),
        (["1767261600000"], {"at": "x", "as": "epoch_ms_text"}),
        (["24.12.2025 18:00"], {"at": "x", "pattern": "%d.%m.%Y %H:%M", "zone": "Etc/UTC"}),
    ],
)
def test_times_are_known_by_how_they_are_written(values, line):
    assert one("deal", "Created", *values).line == line


def test_day_and_month_that_could_be_the_other_way_are_said():
    clear = one("library_entry", "Finished", "24/12/2025", "01/02/2025")
    unclear = one("library_entry", "Finished", "04/12/2025", "01/02/2025")
    assert clear.line == unclear.line == {"at": "x", "pattern": "%d/%m/%Y"}
    assert "other way" in unclear.reason
    assert unclear.score < clear.score


def test_amounts_with_a_comma_are_amounts():
    assert one("transaction", "Betrag", "1.234,50", "-3,00").line == {"at": "x", "as": "decimal_comma"}


def test_a_title_that_repeats_itself_is_doubted():
    assert one("task", "Name", *["Task"] * 20).score < one("task", "Name", *map(str, range(20))).score


def test_a_field_is_proposed_once_and_so_is_a_column():
    columns = [Property(path=name, name=name, values=["a", "b"]) for name in ("Name", "Title", "Task name", "Summary")]
    found = suggest("task", columns)
    assert [each.field for each in found] == ["title"]
    assert len({each.column for each in found}) == len(found)


def test_names_with_dots_and_odd_signs_are_places_too():
    columns = properties_of([{"Nr. of pages": {"a": 1}, "Due. date": "2026-03-02"}])
    assert [steps(each.path) for each in columns] == [("Nr. of pages", "a"), ("Due. date",)]
    assert suggest("task", columns)[0].line == {"at": "Due\\. date", "as": "local"}


def test_nothing_is_proposed_from_nothing():
    assert suggest("task", []) == []
    assert (
        suggest("task", properties_of([{}, {"x": None}, {"title": []}, {"due": {}}])) != []
    )  # an empty column has a name
    assert shape_of(Property(path="x", name="x", values=[{"a": 1}, {"b": 2}])) is None
    assert shape_of(Property(path="x", name="x", values=[[1], "a"])) is None


@pytest.mark.parametrize("kind", KINDS)
def test_every_target_is_a_place_of_its_kind(kind):
    for target in targets(kind):
        assert build(target.field, "x").targets == (target.field,)


def test_every_name_in_the_tables_is_written_as_names_are_compared():
    listed = [*NAMES.values(), *(text for table in VALUES.values() for text in table.values())]
    for said in (each.strip() for text in listed for language in text.split(";") for each in language.split(",")):
        assert words_of(said) == said
    assert set(NAMES) <= {target.field for kind in KINDS for target in targets(kind)}
    assert meaning("priority", "1 - High") == 1
    assert meaning("priority", "Wichtigst") is None


_json = st.recursive(
    st.one_of(st.none(), st.booleans(), st.integers(), st.floats(allow_nan=False), st.text(max_size=8)),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(["type", "name", "start", "select", "a"]), inner, max_size=3),
    max_leaves=8,
)  # fmt: skip


@given(
    st.sampled_from(["task", "contact", "library_entry", "deal", "document"]),
    st.lists(
        st.dictionaries(
            st.one_of(st.sampled_from(["Title", "Due date", "Status", "Tags", "Email", "amount"]), st.text(max_size=5)),
            _json,
            max_size=5,
        ),
        max_size=5,
    ),
)
def test_whatever_records_hold_only_lines_that_can_be_built_are_proposed(kind, records):
    found = suggest(kind, properties_of(records))
    for each in found:
        assert LEAST <= each.score <= 1
        assert build(each.field, each.line)
        assert each.reason
