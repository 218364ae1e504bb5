"""`entrepot import`: bring in what a person downloaded."""

from pathlib import Path
from typing import Annotated

from cyclopts import Parameter

from entrepot.app.hub import Hub
from entrepot.cli.options import STANDARD, Common, pairs
from entrepot.cli.progress import shown
from entrepot.cli.reports import finish


def import_files(
    paths: Annotated[list[Path], Parameter(help="Files, folders or archives as the service gave them.")],
    /,
    *,
    as_: Annotated[str | None, Parameter(name="--as", help="The connector, where the file does not tell.")] = None,
    set_: Annotated[list[str] | None, Parameter(name="--set", help="KEY=VALUE of the importer.", negative="")] = None,
    dry_run: Annotated[bool, Parameter(negative="", help="Say what would come in; write nothing.")] = False,
    common: Common = STANDARD,
) -> int:
    """Import files, folders or archives; what is already there is recognised and changes nothing."""
    output = common.output()
    with Hub(settings=common.settings()) as hub, shown(output) as progress:
        reports = hub.import_files(
            *paths, connector=as_, options=pairs(set_ or [], "--set"), dry_run=dry_run, progress=progress
        )
    return finish(output, reports)
