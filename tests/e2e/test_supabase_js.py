"""The doors as a frontend uses them: supabase-js, unchanged, in Node."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.e2e.conftest import RunJs

FILES = sorted(path.name for path in (Path(__file__).parent / "js").glob("*.test.mjs"))


@pytest.mark.parametrize("name", FILES)
def test_file(run_js: RunJs, name: str) -> None:
    run_js(name)
