"""Every connector that ships passes the checks that its author is given, against the vendors' contracts."""

from pathlib import Path

import pytest

from entrepot.checks.runner import check
from entrepot.sdk.catalog import Catalog


@pytest.mark.parametrize("entry", Catalog().listing(), ids=lambda entry: entry.id)
def test_it_passes_the_checks(entry, shared: Path):
    verdict = check(entry, shared / "contracts")
    found = {finding.rule: list(finding.problems) for finding in verdict.findings if finding.problems}
    assert verdict.passed, found
