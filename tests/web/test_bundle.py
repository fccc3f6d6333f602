"""The screen that the package brings along is the one that its sources build."""

import hashlib
from pathlib import Path

import corcal.serve

ROOT = Path(__file__).parents[2] / "web"
STATIC = Path(corcal.serve.__file__).parent / "static"
MOST_BYTES = 5_000_000


def _sources_digest() -> str:
    inside = [path for name in ("public", "src") for path in (ROOT / name).rglob("*")]
    alone = ["index.html", "package-lock.json", "tsconfig.json", "vite.config.ts"]
    names = sorted(path.relative_to(ROOT).as_posix() for path in inside if path.is_file()) + alone
    digest = hashlib.sha256()
    for name in sorted(names):
        digest.update(f"{name}\0".encode())
        digest.update(hashlib.sha256((ROOT / name).read_bytes()).digest())
    return digest.hexdigest()


def test_the_bundle_is_made_of_the_sources_as_they_are() -> None:
    told = (STATIC / "sources.sha256").read_text().strip()
    assert told == _sources_digest(), "run `make web` and commit what it builds"


def test_the_page_has_nothing_inline_and_nothing_from_elsewhere() -> None:
    page = (STATIC / "index.html").read_text()
    assert "<style" not in page
    assert "style=" not in page
    assert "http:" not in page
    assert "https:" not in page
    own = ('<script type="module" crossorigin src="/assets/', '<script src="/theme.js"></script>')
    assert page.count("<script") == sum(map(page.count, own)) == len(own)


def test_the_bundle_is_small_enough_to_be_kept_in_the_repository() -> None:
    assert sum(path.stat().st_size for path in STATIC.rglob("*") if path.is_file()) < MOST_BYTES


def test_no_lock_file_entry_names_a_registry() -> None:
    assert '"resolved"' not in (ROOT / "package-lock.json").read_text()
