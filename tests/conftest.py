"""What several test folders share."""

import os
import shutil
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings

# No test is timed, nor how long its examples take to draw on a busy machine; where the run has to
# say the same tomorrow, the examples are always the same.
_UNTIMED = {"deadline": None, "suppress_health_check": [HealthCheck.too_slow]}
settings.register_profile("desk", **_UNTIMED)
settings.register_profile("ci", derandomize=True, **_UNTIMED)
settings.load_profile("ci" if os.environ.get("CORCAL_NO_SKIPS") else "desk")


@pytest.fixture(scope="session")
def shared_dir() -> Path:
    """Folder of the real scans, or a skip that says how to get them."""
    default = Path(__file__).resolve().parents[2] / "shared"
    folder = Path(os.environ.get("CORCAL_SHARED", default))
    if not (folder / "data").is_dir():
        pytest.skip(f"real scans are absent: no data folder in CORCAL_SHARED ({folder})")
    return folder


@pytest.fixture(scope="session")
def dcmtk_dir() -> Path:
    """Folder of the DCMTK programs, or a skip that says how to get them."""
    program = shutil.which("dcmcjpeg")
    if program is None:
        pytest.skip("the DCMTK programs are absent: install the system package dcmtk")
    return Path(program).parent


def pytest_sessionfinish(session: pytest.Session) -> None:
    """Where everything is present (CORCAL_NO_SKIPS), a skipped test is a failure."""
    reporter = session.config.pluginmanager.get_plugin("terminalreporter")
    skipped = reporter.stats.get("skipped", []) if reporter else []
    if skipped and os.environ.get("CORCAL_NO_SKIPS"):
        for report in skipped:
            reporter.write_line(f"SKIPPED, but must run here: {report.nodeid}", red=True)
        session.exitstatus = pytest.ExitCode.TESTS_FAILED
