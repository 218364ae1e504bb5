"""`python -m entrepot` is the command line."""

import sys

from entrepot.cli.start import main

sys.exit(main())
