"""Runs the rules over connectors and says which tier each has earned.

Bronze: it can be trusted to read. Silver: it keeps up, knows what is gone, and holds the vendor's contract. Gold
comes with writing. A rule that could not look says `not checked: …`: it fails nothing and earns nothing.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from types import MappingProxyType
from typing import Literal

import msgspec

from entrepot.checks.contract import contract_is_held
from entrepot.checks.declared import budget_is_declared, changes_are_declared, deletions_are_proved
from entrepot.checks.failures import errors_are_mapped, secrets_stay_hidden
from entrepot.checks.fixtures import fixtures_are_read
from entrepot.checks.folder import icon_is_drawn, manifest_is_valid, readme_helps
from entrepot.checks.subject import NOT_CHECKED, Subject
from entrepot.sdk.catalog import Entry

Tier = Literal["none", "bronze", "silver"]
Rule = Callable[[Subject], list[str]]
EXEMPTIONS = "exemptions"

RULES: Mapping[str, tuple[Tier, Rule]] = MappingProxyType(
    {
        "manifest": ("bronze", manifest_is_valid),
        "readme": ("bronze", readme_helps),
        "icon": ("bronze", icon_is_drawn),
        "fixtures": ("bronze", fixtures_are_read),
        "errors": ("bronze", errors_are_mapped),
        "secrets": ("bronze", secrets_stay_hidden),
        "changes": ("silver", changes_are_declared),
        "deletions": ("silver", deletions_are_proved),
        "budget": ("silver", budget_is_declared),
        "contract": ("silver", contract_is_held),
    }
)


class Finding(msgspec.Struct, frozen=True):
    """What one rule found. `exempt` is the reason in quality.yaml why it need not hold."""

    rule: str
    tier: Tier
    problems: Sequence[str] = ()
    not_checked: Sequence[str] = ()
    exempt: str | None = None

    @property
    def holds(self) -> bool:
        return self.exempt is not None or not (self.problems or self.not_checked)


class Verdict(msgspec.Struct, frozen=True):
    """`passed` says that no rule found anything wrong; what was not checked does not count against it."""

    connector: str
    tier: Tier
    findings: Sequence[Finding]

    @property
    def passed(self) -> bool:
        return all(finding.exempt is not None or not finding.problems for finding in self.findings)


def check_all(entries: Iterable[Entry], contracts: Path | None) -> Iterator[Verdict]:
    """`contracts` is the folder of vendors' documents; without it the contract rule says that it did not look."""
    for entry in entries:
        yield check(entry, contracts)


def check(entry: Entry, contracts: Path | None) -> Verdict:
    subject = Subject(entry, contracts)
    exempt, wrong = _exemptions(subject)
    findings = [_finding(name, tier, rule, subject, exempt.get(name)) for name, (tier, rule) in RULES.items()]
    wrong += [
        f"{finding.rule} holds; its exemption can go"
        for finding in findings
        if finding.exempt is not None and not (finding.problems or finding.not_checked)
    ]
    findings.append(Finding(EXEMPTIONS, "bronze", wrong))
    return Verdict(entry.id, _tier(findings), findings)


def _finding(name: str, tier: Tier, rule: Rule, subject: Subject, exempt: str | None) -> Finding:
    try:
        said = rule(subject)
    except Exception as why:  # noqa: BLE001 -- a connector's bug is a finding about this connector, not our end
        said = [f"the check stopped with {type(why).__name__}: {why}"]
    not_checked = [each.removeprefix(NOT_CHECKED) for each in said if each.startswith(NOT_CHECKED)]
    return Finding(name, tier, [each for each in said if not each.startswith(NOT_CHECKED)], not_checked, exempt)


def _exemptions(subject: Subject) -> tuple[dict[str, str], list[str]]:
    """Rule → reason, and what is wrong with quality.yaml itself."""
    try:
        written = msgspec.convert(subject.yaml("quality.yaml"), dict[str, dict[str, str | None]])
    except (msgspec.ValidationError, ValueError) as why:
        return {}, [f"quality.yaml must say `exempt: {{rule: reason}}`, or `exempt: {{}}`: {why}"]
    wrong = [f"quality.yaml: {key} is not known; it has `exempt` only" for key in written if key != "exempt"]
    exempt = written.get("exempt", {})
    wrong += [f"quality.yaml: there is no rule {name}; there are {', '.join(RULES)}" for name in exempt.keys() - RULES]
    wrong += [f"quality.yaml: {name} is exempt without a reason" for name, reason in exempt.items() if not reason]
    return {name: reason for name, reason in exempt.items() if reason and name in RULES}, wrong


def _tier(findings: Sequence[Finding]) -> Tier:
    if not all(finding.holds for finding in findings if finding.tier == "bronze"):
        return "none"
    return "silver" if all(finding.holds for finding in findings) else "bronze"
