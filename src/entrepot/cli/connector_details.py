"""`entrepot connectors show` and `check`: one connector in full, and what its folder has earned."""

from collections.abc import Sequence
from pathlib import Path
from typing import Annotated

import msgspec
from cyclopts import Parameter

from entrepot.checks.runner import Finding, Verdict, check_all
from entrepot.cli.options import STANDARD, Common
from entrepot.cli.outcome import DONE, FAILED
from entrepot.cli.output import Output
from entrepot.declarative.compile import is_written
from entrepot.sdk import manifest_file
from entrepot.sdk.catalog import Catalog, Entry
from entrepot.sdk.connector import Stream
from entrepot.sdk.manifest import Manifest


class Details(msgspec.Struct, frozen=True, kw_only=True):
    """What a person must know before connecting or importing. `unverified` was read somewhere, never tried."""

    id: str
    name: str
    summary: str
    docs: str
    reads: Sequence[str]
    streams: Sequence[Stream]
    written: Sequence[str]
    """The streams that can be written."""
    ways: Sequence[str]
    asks: dict[str, str]
    settings: dict[str, str]
    providers: dict[str, str]
    help: str
    unverified: Sequence[str]


def show(name: str, /, *, common: Common = STANDARD) -> None:
    """What it reads and writes, what it asks for, and what nobody could check."""
    output = common.output()
    entry = Catalog(common.settings().connectors).entry(name)
    details = _details(entry, manifest_file.load(entry.manifest))
    if output.json:
        output.value(details)
        return
    output.say(f"{details.name}: {details.summary}", style="bold")
    output.say(details.docs)
    deletions = {"feed": "told by the service", "absence": "found by full listings", "never": "not known"}
    output.table(
        ("stream", "kind", "written", "deletions"),
        [(s.name, s.kind, "yes" if s.name in details.written else "", deletions[s.deletions]) for s in details.streams],
    )
    for title, rows in (
        ("Give with --secret", details.asks),
        ("Set with --set", details.settings),
        ("Providers", details.providers),
    ):
        if rows:
            output.say(f"\n{title}:", style="bold")
            output.table(("name", ""), list(rows.items()))
    if details.help:
        output.say(f"\n{details.help}")
    for fact in details.unverified:
        output.say(f"not verified: {fact}", style="yellow")
    readme = entry.folder / "README.md"
    if readme.is_file():
        output.say("")
        output.document(readme.read_text("utf-8"))


def check(
    name: str | None = None,
    /,
    *,
    contracts: Annotated[Path | None, Parameter(help="Vendors' documents (or ENTREPOT_CONTRACTS).")] = None,
    common: Common = STANDARD,
) -> int:
    """Hold a connector, or all, against the rules and the vendor's published contract."""
    output = common.output()
    settings = common.settings()
    catalog = Catalog(settings.connectors)
    entries = [catalog.entry(name)] if name else catalog.listing()
    verdicts: list[Verdict] = []
    for verdict in check_all(entries, contracts or settings.contracts):
        verdicts.append(verdict)
        _tell(output, verdict, in_full=name is not None)
    if output.json:
        output.value(verdicts)
    return DONE if all(verdict.passed for verdict in verdicts) else FAILED


def _tell(output: Output, verdict: Verdict, *, in_full: bool) -> None:
    state = "passes" if verdict.passed else "fails"
    output.say(f"{verdict.connector}: {state}, tier {verdict.tier}", style="green" if verdict.passed else "bold red")
    for finding in verdict.findings:
        for line in _lines(finding, in_full=in_full):
            output.say(f"  {finding.rule}: {line}")


def _lines(finding: Finding, *, in_full: bool) -> Sequence[str]:
    if finding.exempt is not None:
        return [f"exempt: {finding.exempt}"]
    said = [*finding.problems, *(f"not checked: {each}" for each in finding.not_checked)]
    return said or (["ok"] if in_full else [])


def _details(entry: Entry, manifest: Manifest) -> Details:
    asks = {field.name: field.help or field.label for scheme in manifest.schemes for field in scheme.asks}
    return Details(
        id=entry.id,
        name=manifest.name,
        summary=manifest.summary,
        docs=manifest.docs,
        reads=entry.reads,
        streams=[manifest.stream(name) for name in manifest.streams],
        written=[name for name in manifest.streams if is_written(entry, manifest, name)],
        ways=[
            *([scheme.scheme for scheme in manifest.schemes] if manifest.is_live else []),
            *(["file"] if manifest.is_archive else []),
        ],
        asks=asks,
        settings={name: setting.help or setting.label for name, setting in manifest.settings.items()},
        providers={f"{entry.id}:{name}": variant.name for name, variant in manifest.variants.items()},
        help=" ".join(scheme.help for scheme in manifest.schemes if scheme.help),
        unverified=manifest.contract.unverified if manifest.contract else [],
    )
