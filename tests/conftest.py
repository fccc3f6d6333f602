"""What several test folders share."""

import os
from pathlib import Path

import pytest


@pytest.fixture(scope="session")
def shared_dir() -> Path:
    """Folder of the real scans, or a skip that says how to get them."""
    default = Path(__file__).resolve().parents[2] / "shared"
    folder = Path(os.environ.get("CORCAL_SHARED", default))
    if not (folder / "data").is_dir():
        pytest.skip(f"real scans are absent: no data folder in CORCAL_SHARED ({folder})")
    return folder
