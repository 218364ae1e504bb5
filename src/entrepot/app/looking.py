"""Looking at what is in the hub: items, counts, integrations, runs."""

from collections.abc import Iterator, Sequence
from itertools import islice

from entrepot.app import views
from entrepot.app.given_fields import check_kind
from entrepot.app.services import Services
from entrepot.app.views import Amount, IntegrationView, Item, RunView
from entrepot.core.report import Report
from entrepot.jobs.ending import report
from entrepot.storage import browsing, integrations, runs
from entrepot.storage.browsing import Wanted

MOST_REFUSED = 10_000


def items(services: Services, wanted: Wanted, limit: int | None = None) -> Iterator[Item]:
    if wanted.kind is not None:
        check_kind(wanted.kind)
    found = browsing.iterate(services.database, services.workspace, wanted)
    return (views.item(row) for row in islice(found, limit))


def item(services: Services, public: str) -> Item:
    with services.database.read() as tx:
        return views.item(browsing.find(tx, services.workspace, public))


def counts(services: Services) -> Sequence[Amount]:
    with services.database.read() as tx:
        shelves = browsing.count(tx, services.workspace)
    return [Amount(shelf.kind, shelf.integration.name, shelf.present) for shelf in shelves]


def integrations_of(services: Services) -> Sequence[IntegrationView]:
    with services.database.read() as tx:
        return [views.integration(row) for row in integrations.everything(tx, services.workspace)]


def integration(services: Services, wanted: str) -> IntegrationView:
    with services.database.read() as tx:
        return views.integration(integrations.find(tx, services.workspace, wanted))


def latest_runs(services: Services, limit: int) -> Sequence[RunView]:
    with services.database.read() as tx:
        return [views.run(row) for row in runs.latest(tx, services.workspace, limit)]


def run(services: Services, public: str) -> Report:
    """The report of one run, with all the records it refused that were kept."""
    with services.database.read() as tx:
        found = runs.find(tx, services.workspace, public)
    return report(services.database, found, most=MOST_REFUSED)
