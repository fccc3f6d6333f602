"""The page on annotations says what the code has."""

from pathlib import Path

from corcal.annotations.names import SITE_NAMES
from corcal.ct.findings import FINDINGS

PAGE = (Path(__file__).parents[2] / "docs" / "annotations.md").read_text(encoding="utf-8")


def test_the_page_lists_every_site_with_its_code_and_all_its_names():
    for site, names in SITE_NAMES.items():
        spoken = ", ".join(name for name in names if name != site.label)
        assert f"| {int(site)} | {site.label} | {spoken} |" in PAGE


def test_the_page_lists_every_finding_of_an_annotation():
    codes = [code for code, row in FINDINGS.items() if row.topic == "annotation"]
    assert len(codes) == 12
    assert all(f"| `{code}` |" in PAGE for code in codes)
