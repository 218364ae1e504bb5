"""`entrepot connect`: give the hub permission at a service."""

import sys
import webbrowser
from getpass import getpass
from typing import Annotated

from cyclopts import Parameter

from entrepot.app.hub import Hub
from entrepot.cli.options import Common, pairs
from entrepot.cli.output import Output
from entrepot.cli.secrets import read_secrets
from entrepot.core.secret import Secret
