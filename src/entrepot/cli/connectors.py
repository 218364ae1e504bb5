"""`entrepot connectors`: what can be connected, how well it is checked, and a start for a new one."""

from pathlib import Path
from typing import Annotated

import msgspec
from cyclopts import App, Parameter

from entrepot.checks.runner import check_all
from entrepot.cli.options import Common
from entrepot.cli.outcome import DONE, FAILED
from entrepot.sdk.catalog import Catalog
from entrepot.sdk.scaffold import scaffold

app = App(help="The services that can be connected.")
