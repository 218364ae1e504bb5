"""I16: the same data on both sides makes no new item, and what is not surely the same is not made one."""

from dataclasses import dataclass

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from entrepot.core.fields import fields_of
from entrepot.core.kinds import KINDS
from entrepot.core.life import LibraryEntry, Play
from entrepot.core.matching import MARGIN, MOST_ALIKE, THRESHOLD, Doubt, Found, Matcher
from entrepot.core.matching_kinds import likeness
from entrepot.core.merge_choice import units
from entrepot.core.people import Contact, EmailAddress, NameParts, Phone
from entrepot.core.planner import Event, Issue, RecurrenceRule, Task
from entrepot.core.trade import Company, Transaction
from entrepot.core.writing import Citation, Document, File, Note


@dataclass
class Sides:
    hub: list
    remote: list
    told: frozenset | None = None

    def matcher(self):
        found = Matcher(self.hub[0].kind, self.told)
        for key, record in enumerate(self.hub):
            found.add(key, record)
        return found

    def pairs(self):
        """Place at the other side → key of the hub, "?" where a person is asked."""
        found = dict(self.matcher().pairs(enumerate(self.remote)))
        return {place: one.key if isinstance(one, Found) else "?" for place, one in sorted(found.items())}

    def asked(self):
        matcher = self.matcher()
        return [matcher.ask(record) for record in self.remote]


def one(hub, remote, told=None):
    """What becomes of a single record on each side, the same whichever way it is asked."""
    sides = Sides([hub], [remote], told)
    [found] = sides.asked()
    assert dict(sides.matcher().pairs([("r", remote)])) == ({"r": found} if found else {})
    return found


def event(**changed):
    return Event(
        **{
            "title": "Dentist",
            "start": "2026-03-02T10:00:00",
            "time_zone": "Europe/Berlin",
            "duration": "PT1H",
            **changed,
        }
    )


def card(email="anna@example.org", **changed):
    emails = [EmailAddress(email)] if email else []
    return Contact(**{"name": NameParts(full="Anna Beispiel"), "emails": emails, **changed})


def manga(title, **changed):
    return LibraryEntry(medium="manga", title=title, **changed)


@pytest.mark.parametrize(
    "record", [event(uid="a@x"), Task(uid="a@x", title="Tea"), card(uid="a@x")], ids=lambda one: one.kind
)
def test_the_same_uid_is_the_same_record_whatever_it_says(record):
    other = msgspec.structs.replace(
        record, **({"name": NameParts(full="B")} if record.kind == "contact" else {"title": "B"})
    )
    assert one(record, other) == Found(0, 1.0, "uid", "has the same UID")


def test_an_occurrence_that_came_without_its_series_is_not_the_series():
    occurrence = event(uid="a@x", recurrence_id="2026-03-02T10:00:00", start="2026-03-03T10:00:00")
    assert one(event(uid="a@x"), occurrence) is None
    assert one(occurrence, occurrence).by == "uid"


def test_what_a_uid_claims_is_not_taken_by_what_is_only_equal():
    hub = [Task(uid="1", title="Tea")]
    remote = [Task(uid="9", title="Tea"), Task(uid="1", title="Tea, green")]
    assert Sides(hub, remote).pairs() == {1: 0}


def test_a_known_cross_id_finds_the_work_under_another_title():
    found = one(
        manga("Shingeki no Kyojin", identifiers={"mal": "23390", "kitsu": "x"}),
        manga("Attack on Titan", identifiers={"mal": "23390"}),
    )
    assert found == Found(0, 1.0, "identifier", "has the same mal")


def test_a_cross_id_counts_within_its_medium_only():
    assert (
        one(manga("A", identifiers={"mal": "1"}), LibraryEntry(medium="anime", title="B", identifiers={"mal": "1"}))
        is None
    )


def test_the_same_title_with_another_cross_id_is_another_work():
    assert one(manga("Dororo", identifiers={"mal": "1"}), manga("Dororo", identifiers={"mal": "2"})) is None


def test_cross_ids_that_lead_to_two_works_are_in_doubt():
    hub = [manga("A", identifiers={"mal": "1"}), manga("B", identifiers={"anilist": "2"})]
    [found] = Sides(hub, [manga("C", identifiers={"mal": "1", "anilist": "2"})]).asked()
    assert found == Doubt((0, 1), 1.0, "2 records are called that")


@pytest.mark.parametrize(
    ("hub", "remote"),
    [
        (Citation(title="A", doi="10.1/ABC"), Citation(title="B", doi="https://doi.org/10.1/abc")),
        (
            Citation(type="book", title="A", isbn="978-3-16-148410-0"),
            Citation(type="book", title="B", isbn="9783161484100"),
        ),
        (Issue(title="A", url="https://example.org/1"), Issue(title="B", url="https://example.org/1")),
        (Company(name="A", domain="example.org"), Company(name="B", domain="Example.org")),
        (
            Transaction(amount=1, account="A", account_servicer_reference="R"),
            Transaction(amount=2, account="A", account_servicer_reference="R"),
        ),
    ],
    ids=lambda one: one.kind,
)
def test_natural_ids_are_found(hub, remote):
    assert one(hub, remote).by == "identifier"


def test_chapters_of_one_book_are_not_one():
    chapters = [Citation(type="chapter", title=title, isbn="9783161484100") for title in ("One", "Two")]
    assert Sides(chapters, chapters[::-1]).pairs() == {0: 1, 1: 0}


@pytest.mark.parametrize(
    "remote",
    [
        event(uid="other@x"),
        event(title="  DENTIST "),
        event(title="Ｄentist"),
        event(start="2026-03-02T09:00:00", time_zone="Etc/UTC"),
        event(description="bring the card", locations=[]),
        event(duration="PT30M"),
    ],
)
def test_an_event_is_known_by_title_and_moment(remote):
    found = one(event(), remote)
    assert found.by == "fingerprint"
    assert found.score >= THRESHOLD


@pytest.mark.parametrize(
    "remote",
    [
        event(title="Doctor"),
        event(start="2026-03-02T10:30:00"),
        event(time_zone="America/New_York"),
        event(time_zone=None),
        event(start="2026-03-02T00:00:00", time_zone=None, show_without_time=True),
        event(title=""),
    ],
)
def test_an_event_with_another_title_or_moment_is_another(remote):
    assert one(event(), remote) is None


def test_a_time_zone_nobody_knows_and_the_end_of_time_are_no_mistake():
    for odd in (event(time_zone="Mars/Olympus"), event(start="9999-12-31T23:59:59", time_zone="Pacific/Niue")):
        assert one(odd, msgspec.structs.replace(odd, description="x")).key == 0


def test_an_all_day_event_is_the_same_whatever_zone_the_service_adds():
    day = event(start="2026-03-02T00:00:00", time_zone=None, show_without_time=True)
    assert one(day, msgspec.structs.replace(day, time_zone="Europe/Berlin")).score >= THRESHOLD


@pytest.mark.parametrize(
    ("changed", "is_same"),
    [
        ({"project": "another", "section": "s", "position": 7}, True),
        ({"description": "with milk"}, True),
        ({"progress": "completed"}, True),
        ({"due": "2026-03-03T00:00:00"}, False),
        ({"due": None}, False),
        ({"title": "Coffee"}, False),
    ],
)
def test_a_task_is_known_by_title_and_due_date_without_its_project(changed, is_same):
    hub = Task(title="Tea", due="2026-03-02T00:00:00", show_without_time=True, project="home")
    assert (one(hub, msgspec.structs.replace(hub, **changed)) is not None) is is_same


@pytest.mark.parametrize(
    ("hub", "remote", "is_same"),
    [
        (card(), card("ANNA@example.org"), True),
        (card(), card(name=None), True),
        (card(), card(name=NameParts(given="Anna", surname="Muster")), True),  # married
        (card(), card(name=NameParts(full="Bert Beispiel")), False),  # a family's address
        (card(), card(name=NameParts(full="Carla Muster")), False),
        (card(), card("anna@elsewhere.example"), False),
        (card(None, phones=[Phone(number="+49 30 901820")]), card(None, phones=[Phone(number="030/90 18 20")]), False),
        (
            card(None, phones=[Phone(number="+49 30 9018 2012")]),
            card(None, phones=[Phone(number="030 90182012")]),
            True,
        ),
        (
            card(None, phones=[Phone(number="+493090182012")]),
            card(None, name=None, phones=[Phone(number="+493090182012")]),
            False,
        ),
        (card(None, phones=[Phone(number="110")]), card(None, phones=[Phone(number="110")], notes=["x"]), False),
    ],
)
def test_a_contact_is_known_by_an_address_and_a_name_that_agrees(hub, remote, is_same):
    assert (one(hub, remote) is not None) is is_same


@pytest.mark.parametrize("of", [Note, Document], ids=lambda kind: kind.kind)
def test_writing_is_known_by_title_and_text(of):
    hub = of(title="Plan", body="One\n\nTwo  \n")
    assert one(hub, of(title="plan", body="One\n\nTwo", tags=["a"])).key == 0
    assert one(hub, of(title="Plan", body="One")) is None
    assert one(hub, of(title="Plan B", body=hub.body)) is None


@pytest.mark.parametrize(
    ("hub", "remote", "is_same"),
    [
        (manga("Steins;Gate"), manga("Steins; Gate"), True),
        (manga("K-On!"), manga("K-ON!!"), False),
        (manga("A", titles={"native": "進撃の巨人"}), manga("進撃の巨人"), True),
        (manga("A", titles={"en": "Same"}), manga("B", titles={"romaji": "same"}), True),
        (manga("A", total=12), manga("A", total=24), False),
        (manga("A", format="ONE_SHOT", total=None), manga("A", format="oneshot", total=1), True),
        (manga("A"), LibraryEntry(medium="anime", title="A"), False),
    ],
)
def test_a_work_is_known_by_medium_and_any_of_its_titles(hub, remote, is_same):
    assert (one(hub, remote) is not None) is is_same


def test_a_kind_without_a_rule_is_known_only_if_all_is_equal():
    play = Play(title="Song", artist="Band", seconds=3.5, extra={"from": "here"})
    assert one(play, msgspec.structs.replace(play, extra={"other": 1})).words == "is equal in every field"
    assert one(play, msgspec.structs.replace(play, seconds=4)) is None


def test_the_order_of_what_has_no_order_does_not_matter():
    assert one(Task(keywords=["a", "b"]), Task(keywords=["b", "a"])).score == 1.0


def test_only_what_the_service_can_tell_is_compared():
    weekly = RecurrenceRule(frequency="weekly")
    hub, remote = Task(title="Tea", recurrence_rules=[weekly], description="x", progress="completed"), Task(title="Tea")
    assert one(hub, remote) is None
    assert one(hub, remote, frozenset({"title"})).words == "is equal in every field"
    # What it is known by is looked at all the same.
    assert one(Task(title="Tea"), Task(title="Coffee"), frozenset({"progress"})) is None


def test_duplicates_pair_off_one_by_one_in_order():
    tea, other = Task(title="Tea"), Task(title="Coffee")
    assert Sides([tea, tea, other, tea], [tea, other, tea]).pairs() == {0: 0, 1: 2, 2: 1}
    assert Sides([tea, tea], [tea, tea, tea]).pairs() == {0: 0, 1: 1}


def test_duplicates_that_were_edited_alike_pair_off_too():
    hub, remote = [Task(title="Tea", description="a")] * 20, [Task(title="Tea", description="b")] * 20
    assert Sides(hub, remote).pairs() == {place: place for place in range(20)}


def test_duplicates_do_not_cross_where_something_tells_them_apart():
    hub = [Task(title="Tea", description="a"), Task(title="Tea", description="b")]
    assert Sides(hub, hub[::-1]).pairs() == {0: 1, 1: 0}
    # What is only alike must not take what another is equal to.
    assert Sides(hub[:1], [Task(title="Tea", description="c"), hub[0]]).pairs() == {1: 0}


def test_two_of_the_hub_that_are_as_like_are_told_and_not_matched():
    hub = [Task(title="Tea", description="a"), Task(title="Tea", description="b")]
    matcher = Sides(hub, []).matcher()
    assert matcher.ask(Task(title="Tea", description="c")) == Doubt((0, 1), 0.91, "2 records have the same title")
    assert list(matcher.unmatched()) == []


def test_two_of_the_other_side_that_are_as_like_are_told_and_not_matched():
    sides = Sides([Task(title="Tea")], [Task(title="Tea", description="a"), Task(title="Tea", description="b")])
    assert sides.pairs() == {0: "?", 1: "?"}


def test_what_one_takes_settles_the_doubt_of_another():
    hub = [event(title="Tea", description="a"), event(title="Tea", description="b", duration="PT2H")]
    remote = [
        event(title="Tea", description="c", duration="PT3H"),
        event(title="Tea", description="d", duration="PT2H"),
    ]
    assert Sides(hub, remote).pairs() == {0: 0, 1: 1}


def test_a_title_that_everything_has_proves_nothing():
    hub = [Task(title="Call", description=str(number)) for number in range(MOST_ALIKE + 1)]
    [found] = Sides(hub, [Task(title="Call", description="x")]).asked()
    assert isinstance(found, Doubt)
    assert len(Sides(hub, hub).pairs()) == len(hub)


def test_what_was_found_for_nothing_is_told_for_the_other_way():
    matcher = Sides([Task(title="a"), Task(title="b"), Task(title="c")], []).matcher()
    matcher.ask(Task(title="b"))
    assert list(matcher.unmatched()) == [0, 2]


def test_fields_as_they_are_stored_are_as_good_as_a_record():
    matcher = Matcher("task")
    matcher.add(7, {"title": "Tea", "due": "2026-03-02T00:00:00"})
    assert matcher.ask(Task(title="Tea", due="2026-03-02T00:00:00")) == Found(
        7, 1.0, "fingerprint", "is equal in every field"
    )
    matcher = Matcher("file")
    matcher.add(7, fields_of(File(path="a", size=1)))
    assert matcher.ask({"path": "a", "size": 2}).score == 0.92


@pytest.mark.parametrize("kind", KINDS)
def test_every_rule_speaks_of_fields_its_kind_has(kind):
    rule = likeness(kind)
    known = {field for unit in units(kind) for field in unit.fields}
    assert {mark.field for mark in rule.marks} | rule.fields <= known
    assert all(mark.lacks <= mark.differs for mark in rule.marks if mark.field != "name")
    assert 0 < MARGIN < 1 - THRESHOLD


_words = st.sampled_from(["Tea", "tea", "Coffee", ""])
_tasks = st.builds(
    Task,
    uid=st.sampled_from([None, "1", "2"]),
    title=_words,
    description=_words,
    due=st.sampled_from([None, "2026-03-02T00:00:00", "2026-03-03T00:00:00"]),
    progress=st.sampled_from(["needs-action", "completed"]),
)
_library = st.builds(
    manga,
    title=_words,
    titles=st.dictionaries(st.sampled_from(["en", "ja"]), _words),
    identifiers=st.dictionaries(st.sampled_from(["mal", "anilist"]), st.sampled_from(["1", "2"])),
    total=st.sampled_from([None, 1, 2]),
)
_lists = st.one_of(*(st.lists(kind, min_size=1, max_size=12) for kind in (_tasks, _library)))


@given(_lists)
def test_the_same_data_on_both_sides_makes_nothing_new(records):
    forgotten = [msgspec.structs.replace(one, uid=None) if one.kind == "task" else one for one in records]
    for remote in (forgotten, forgotten[::-1]):
        pairs = Sides(forgotten, remote).pairs()
        doubted = [place for place, key in pairs.items() if key == "?"]
        assert len(pairs) == len(records)
        assert all(remote[place].kind == "library_entry" for place in doubted)  # works whose cross ids lie


@given(_lists, st.data())
def test_each_record_is_matched_once_and_both_ways_of_asking_keep_to_it(hub, data):
    remote = data.draw(st.lists(_tasks if hub[0].kind == "task" else _library, max_size=12))
    sides = Sides(hub, remote)
    for keys in (
        [key for key in sides.pairs().values() if key != "?"],
        [found.key for found in sides.asked() if isinstance(found, Found)],
    ):
        assert len(keys) == len(set(keys))


@given(st.lists(_tasks, max_size=12), st.randoms(use_true_random=False))
def test_the_order_in_which_the_other_side_is_read_changes_no_content(tasks, order):
    """Equal records may change places; which content goes with which may not."""
    hub = [msgspec.structs.replace(task, uid=None) for task in tasks] or [Task()]
    remote = [msgspec.structs.replace(task, description="Tea") for task in hub]
    shuffled = order.sample(remote, len(remote))

    def content(side):
        found = Sides(hub, side).pairs().items()
        return sorted((repr(side[place]), key if key == "?" else repr(hub[key])) for place, key in found)

    assert content(remote) == content(shuffled)
