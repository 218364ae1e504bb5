"""`entrepot sync`: read what changed at a service."""

from typing import Annotated

from cyclopts import Parameter

from entrepot.app.hub import Hub
from entrepot.cli.options import STANDARD, Common
from entrepot.cli.progress import shown
from entrepot.cli.reports import finish


def sync(
    integration: Annotated[str, Parameter(help="Its id or name.")],
    /,
    *,
    full: Annotated[bool, Parameter(negative="", help="Forget the cursors and read everything.")] = False,
    stream: Annotated[list[str] | None, Parameter(help="Only this stream; may be repeated.", negative="")] = None,
    confirm: Annotated[str | None, Parameter(help="The last run, stopped by a brake: do delete what it named.")] = None,
    common: Common = STANDARD,
) -> int:
    """Read what changed since the last time, and apply it."""
    output = common.output()
    with Hub(settings=common.settings()) as hub, shown(output) as progress:
        report = hub.sync(integration, full=full, streams=stream or (), confirm=confirm, progress=progress)
    return finish(output, [report], integration=integration)
