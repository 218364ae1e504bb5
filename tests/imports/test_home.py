import threading

from entrepot.imports.home import home_of
from entrepot.sdk.connector import Account
from entrepot.storage import integrations, removal, workspaces
from entrepot.storage.integrations import NewIntegration


def at_home(database, account=None, connector="netflix"):
    with database.write() as tx:
        return home_of(tx, workspaces.first(tx), connector, Account(account, account.title()) if account else None)


def connect(database, account, name="Live"):
    with database.write() as tx:
        new = NewIntegration(connector="netflix", name=name, account_id=account)
        return integrations.add(tx, workspaces.first(tx), new)


def remove(database, one, *, with_data=False):
    with database.write() as tx:
        removal.remove(tx, workspaces.first(tx), one, with_data=with_data)


def test_archives_of_one_account_share_a_home_and_those_of_another_have_their_own(database):
    ann, bob = at_home(database, "ann"), at_home(database, "bob")
    assert ann.key != bob.key
    assert (ann.name, bob.name) == ("netflix", "Bob")
    assert at_home(database, "ann").key == ann.key
    assert at_home(database, "ann", "spotify").key != ann.key


def test_an_archive_of_a_connected_account_belongs_to_it(database):
    live = connect(database, "ann")
    assert at_home(database, "ann").key == live.key
    assert at_home(database).key == live.key
    assert at_home(database, "bob").mode == "archive"


def test_an_archive_that_says_no_account_is_at_home_where_there_is_only_one_place(database):
    unsaid = at_home(database)
    assert at_home(database).key == unsaid.key
    assert at_home(database, "ann").key == unsaid.key
    connect(database, "bob")
    assert at_home(database).account_id == ""
    assert at_home(database).key != unsaid.key


def test_a_removed_home_is_taken_up_again_under_a_free_name(database):
    ann = at_home(database, "ann")
    remove(database, ann)
    connect(database, "bob", "netflix")
    again = at_home(database, "ann")
    assert (again.key, again.name, again.mode, again.removed_at) == (ann.key, "netflix 2", "archive", None)
    remove(database, again, with_data=True)
    assert at_home(database, "carl").key != ann.key


def test_an_account_whose_name_no_database_can_keep_is_recognised_again(database):
    strange = at_home(database, "a\0b\ud800")
    assert at_home(database, "a\0b\ud800").key == strange.key


def test_imports_that_begin_at_once_find_one_home(database):
    found = []

    def find():
        found.append(at_home(database, "ann").key)

    threads = [threading.Thread(target=find) for _ in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(found) == 6
    assert len(set(found)) == 1
