"""`entrepot collections`: the containers in the hub, and the remote collections that take part in them."""

import shlex
from collections.abc import Sequence
from typing import Annotated, Literal

from cyclopts import App, Parameter

from entrepot.app.attaching import Attached
from entrepot.app.collecting import AttachmentView, CollectionView
from entrepot.app.hub import Hub
from entrepot.cli.options import STANDARD, Common, grouped, listed
from entrepot.cli.output import FIRST_STEP, Output
from entrepot.cli.policies import NOBODY, FieldOption, Who, shown_policy

app = App(name="collections", help="Containers of items: calendars, lists, notebooks.")

WAYS = {"two_way": "<->", "pull": "<-", "push": "->", "manual": "<?>", "none": "detached"}


@app.command(name="list")
def list_(*, common: Common = STANDARD) -> None:
    """All collections: how many items each holds, what is attached, and what waits."""
    output = common.output()
    with Hub(settings=common.settings()) as hub:
        found = list(hub.collections())
    if output.json:
        output.value(found)
        return
    output.table(
        ("id", "kind", "name", "#items", "attached", "#incoming", "#outgoing", "#set aside", "#conflicts"),
        [row for one in found for row in _rows(one)],
        empty=f"There are no collections yet. {FIRST_STEP}",
    )


@app.command
def new(
    name: str,
    /,
    *,
    kind: Annotated[str, Parameter(help="What it holds: task, event, library_entry, …")],
    common: Common = STANDARD,
) -> None:
    """An empty collection, to fill or to attach services to."""
    output = common.output()
    with Hub(settings=common.settings()) as hub:
        made = hub.new_collection(name, kind)
    if output.json:
        output.value(made)
    else:
        output.say(f"Made: {made.name} ({made.id}).", style="green")
        output.note(f"To attach a service: entrepot collections attach {shlex.quote(made.name)} INTEGRATION REMOTE "
                    "--direction two_way")  # fmt: skip


@app.command
def attach(
    collection: Annotated[str, Parameter(help="Its id or name.")],
    integration: Annotated[str, Parameter(help="Its id or name.")],
    remote: Annotated[str, Parameter(help="The list, calendar or project there, by name or id; or the stream's name.")],
    /,
    *,
    direction: Annotated[
        Literal["two_way", "pull", "push", "manual"] | None,
        Parameter(help="pull: only into the hub; push: only out of it; manual: every change waits for you."),
    ] = None,
    stream: Annotated[str | None, Parameter(help="Which stream, where two have such a collection.")] = None,
    match: Annotated[
        Literal["auto", "none"] | None, Parameter(help="Whether what both sides have already is the same (auto).")
    ] = None,
    fields: Annotated[str | None, Parameter(help="Only these, with commas between; empty for all.")] = None,
    only: Annotated[
        list[str] | None, Parameter(negative="", help="F=V: only new records with this value; may be repeated.")
    ] = None,
    since: Annotated[str | None, Parameter(help="Only new records from this day on; empty for all.")] = None,
    drift: Annotated[
        Literal["keep", "revert"] | None, Parameter(help="One way: what to do with edits on the other side (keep).")
    ] = None,
    dry_run: Annotated[bool, Parameter(negative="", help="Only show what goes together.")] = False,
    common: Common = STANDARD,
) -> None:
    """Let a remote collection take part. Nothing is written there before the next sync."""
    output = common.output()
    with Hub(settings=common.settings()) as hub:
        done = hub.attach(
            collection,
            integration,
            remote,
            direction=direction,
            stream=stream,
            match=None if match is None else match == "auto",
            fields=None if fields is None else listed(fields),
            only=None if only is None else grouped(only, "--only"),
            since=since,
            drift=drift,
            dry_run=dry_run,
        )
    if output.json:
        output.value(done)
    else:
        _tell_attached(output, done)


@app.command
def detach(collection: str, integration: str, remote: str, /, *, common: Common = STANDARD) -> None:
    """Follow a remote collection no more. What is on either side stays where it is."""
    output = common.output()
    with Hub(settings=common.settings()) as hub:
        done = hub.detach(collection, integration, remote)
    if output.json:
        output.value(done)
    else:
        output.say(f"Detached: {done.remote_name} of {done.integration}. Both sides keep what they have.")


@app.command
def policy(collection: str, /, *, field: FieldOption = None, who: Who = NOBODY, common: Common = STANDARD) -> None:
    """Who wins where both sides edit the same thing: of the collection, or of one field. Without options: as it is."""
    output = common.output()
    with Hub(settings=common.settings()) as hub:
        found = hub.policy(collection, **who.said(field))
    shown_policy(output, found)


def _rows(one: CollectionView) -> Sequence[Sequence[object]]:
    head = (one.id, one.kind, one.name, one.items)
    first, *others = one.attachments or (None,)
    rows = [(*head, *_cells(first))]
    return [*rows, *(("", "", "", "", *_cells(each)) for each in others)]


def _cells(one: AttachmentView | None) -> Sequence[object]:
    if one is None:
        return ("", "", "", "", "")
    way = WAYS[one.direction] if one.synced or one.direction == "none" else "<="
    where = one.integration if one.remote_name == one.stream else f"{one.integration}: {one.remote_name}"
    told = one.standing
    return (
        f"{way} {where}",
        *(count or "" for count in (told.incoming, told.outgoing, told.set_aside, told.conflicts)),
    )


def _tell_attached(output: Output, done: Attached) -> None:
    there, found = done.attachment, done.matched
    output.say(f"{'Attached' if done.kept else 'Would be attached'}: {done.collection} {WAYS[there.direction]} "
               f"{there.remote_name} of {there.integration}", style="bold")  # fmt: skip
    reasons = [(f"the same by {why}", count) for why, count in found.by.items()]
    rows = [
        *reasons,
        (f"only in {done.collection}", found.only_here),
        (f"only at {there.integration}", found.only_there),
    ]
    if done.read and any(count for _, count in rows):
        output.table(("", "#records"), rows)
    for doubt in found.doubts:
        output.say(f"  {doubt}", style="yellow")
    if not done.kept:
        output.note("Nothing was changed.")
        return
    again = (
        "" if done.read else f" What goes together shows in: entrepot sync {shlex.quote(there.integration)} --dry-run"
    )
    output.note(f"Nothing was written at the service yet. Next: entrepot sync {shlex.quote(there.integration)}.{again}")
