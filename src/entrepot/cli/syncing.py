"""`entrepot sync`: both sides brought to agree, or shown what that would do."""

import shlex
from collections.abc import Sequence
from typing import Annotated

from cyclopts import Parameter

from entrepot.app.hub import Hub, Syncing
from entrepot.app.planning import Plan
from entrepot.cli.options import STANDARD, Common
from entrepot.cli.outcome import DONE, ERROR_CODES, FAILED, STOPPED
from entrepot.cli.output import FIRST_STEP, Output
from entrepot.cli.progress import shown
from entrepot.cli.reports import finish
from entrepot.core.errors import PersonMustFix

SHOWN_STEPS = 200


def sync(
    integration: Annotated[str | None, Parameter(help="Its id or name; all that are connected without it.")] = None,
    /,
    *,
    dry_run: Annotated[bool, Parameter(negative="", help="Only show what it would do; nothing is kept.")] = False,
    full: Annotated[bool, Parameter(negative="", help="Forget the cursors and read everything.")] = False,
    stream: Annotated[list[str] | None, Parameter(help="Only this stream; may be repeated.", negative="")] = None,
    confirm: Annotated[str | None, Parameter(help="The last run, stopped by a brake: do what it was to do.")] = None,
    common: Common = STANDARD,
) -> int:
    """Read what changed since the last time, apply it, and write what is to go out."""
    output = common.output()
    if integration is None and (stream or confirm):
        raise PersonMustFix("--stream and --confirm are about one integration: name it.")
    how: Syncing = {"full": full, "streams": stream or (), "confirm": confirm}
    with Hub(settings=common.settings()) as hub, shown(output) as progress:
        how["progress"] = progress
        names = [one.name for one in hub.integrations() if one.mode == "live"] if integration is None else [integration]
        if dry_run:
            return _tell_plans(output, [hub.plan(name, **how) for name in names], always_array=integration is None)
        reports = hub.sync_all(**how) if integration is None else [hub.sync(integration, **how)]
        waits = hub.waiting()
    if not names:
        output.note(f"Nothing is connected. {FIRST_STEP}")
    code = finish(output, reports, always_array=integration is None)
    for one in waits:
        output.note(f"{one.records} more to be told to {one.integration}: entrepot sync {shlex.quote(one.integration)}")
    return code


def _tell_plans(output: Output, plans: Sequence[Plan], *, always_array: bool) -> int:
    if output.json:
        output.value(list(plans) if always_array else plans[0])
    else:
        for plan in plans:
            _tell(output, plan)
    return max((_code(plan) for plan in plans), default=DONE)


def _code(plan: Plan) -> int:
    if plan.error:
        return ERROR_CODES.get(plan.error["code"], FAILED)
    return STOPPED if plan.stop else DONE


def _tell(output: Output, plan: Plan) -> None:
    counts = ", ".join(f"{count} {action}" for action, count in plan.by_action.items())
    output.say(f"{plan.integration}: {counts or 'nothing to do'}", style="bold")
    rows = [
        (step.action, step.title, step.remote_collection, ", ".join(step.hub), ", ".join(step.remote),
         ", ".join(each or "the record" for each in step.conflicts), step.words)
        for step in plan.steps[:SHOWN_STEPS]
    ]  # fmt: skip
    if rows:
        output.table(("action", "title", "where", "in the hub", "at the service", "conflicts", ""), rows)
    if plan.count > len(rows):
        output.note(f"… and {plan.count - len(rows)} more; --json has the first {len(plan.steps)}.")
    for name, counted in plan.streams.items():
        if counted.read:
            output.say(
                f"{name}: {counted.read} would be read: {counted.created} new here, {counted.updated} changed, "
                f"{counted.deleted} deleted"
            )
    if plan.in_doubt:
        output.note(f"{plan.in_doubt} writes are in doubt, and would be looked up first.")
    if plan.stop:
        output.say(f"A brake would stop it: {plan.stop}", style="bold red")
    if plan.error:
        output.error(plan.error["message"])
    output.note("Nothing was changed.")
