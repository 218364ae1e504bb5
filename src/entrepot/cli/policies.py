"""Who wins where both sides edit the same thing: the options that say so, and how it is shown."""

import dataclasses
from typing import Annotated, Literal

from cyclopts import Parameter

from entrepot.app.collecting import PolicyView
from entrepot.app.hub_changes import Deciding
from entrepot.cli.options import listed
from entrepot.cli.output import Output
from entrepot.core.conflict import Policy

FieldOption = Annotated[str | None, Parameter(help="Only of this field.")]


@Parameter(name="*")
@dataclasses.dataclass(frozen=True)
class Who:
    """Options of a policy."""

    mode: Annotated[
        Literal["merge", "latest", "source", "manual"] | None,
        Parameter(help="merge: what clashes waits for you; latest; source: as --sources says; manual: all waits."),
    ] = None
    sources: Annotated[
        str | None, Parameter(help="Who goes first: names of integrations, or hub, with commas between.")
    ] = None
    deletion: Annotated[
        Literal["keep", "delete", "ask"] | None, Parameter(help="Edited on one side, deleted on the other.")
    ] = None
    reset: Annotated[bool, Parameter(negative="", help="Take back what was said.")] = False

    def said(self, field: str | None = None) -> Deciding:
        sources = None if self.sources is None else listed(self.sources)
        return {
            "field": field, "mode": self.mode, "sources": sources, "deletion": self.deletion, "reset": self.reset
        }  # fmt: skip


NOBODY = Who()
"""Nothing is said."""


def shown_policy(output: Output, found: PolicyView) -> None:
    if output.json:
        output.value(found)
        return
    rows = [("(all)", *_cells(found.default))] if found.default or not found.fields else []
    rows += [(field, *_cells(policy)) for field, policy in found.fields.items()]
    output.table(("field", "mode", "sources", "deletion"), rows)


def _cells(policy: Policy | None) -> tuple[str, str, str]:
    if policy is None:
        return ("(as usual)", "", "")
    return (policy.mode, ", ".join(policy.sources), policy.deletion)
