"""What every test may ask for."""

import os
from pathlib import Path

import pytest


@pytest.fixture(scope="session")
def shared() -> Path:
    """The folder of vendors' contracts and sample files; tests that need it skip where it is absent."""
    folder = Path(os.environ.get("ENTREPOT_SHARED", Path(__file__).parents[2] / "shared"))
    if not folder.is_dir():
        pytest.skip(f"no sample files: {folder} is absent (set ENTREPOT_SHARED)")
    return folder
