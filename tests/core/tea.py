"""A task called Tea as it was agreed on, and as either side may have it now."""

from entrepot.core.conflict import Mark, Policies, Policy
from entrepot.core.plan_sides import Base, Present, Terms

HUB, SERVICE = Mark("hub"), Mark("todoist")
SCOPE = frozenset(
    {"title", "description", "keywords", "priority", "project", "progress", "percent_complete", "start", "updated"}
)
OLD = {"title": "Tea", "keywords": ["home"], "priority": 5}
BASE = Base(hub=OLD, remote=OLD, version="1")


def terms(**said):
    return Terms(**{"kind": "task", "fields": SCOPE, **said})


def under(mode="merge", **said):
    return terms(policies=Policies(integration=Policy(mode=mode, **said)))


def here(**changed):
    return Present(fields={**OLD, **changed}, mark=HUB)


def there(*, version="2", **changed):
    return Present(fields={**OLD, **changed}, mark=SERVICE, version=version)
