"""``lamina functions check`` finds what is planted, and is content with our own functions."""

from __future__ import annotations

import shutil
import tomllib
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from scripts.cli import app
from scripts.commands.functions import settings_problems
from scripts.stack.supabase_cli import SupabaseCliError, run
from tests.support.clusters import PROJECT
from tests.support.functions import project_with, write_function

CLEAN = 'export default { fetch: () => new Response("ok") };\n'
SETTINGS = "[functions.good]\nverify_jwt = false\n"


@pytest.fixture
def project(tmp_path: Path) -> Path:
    folder = project_with(tmp_path, {"good": CLEAN})
    (folder / "supabase" / "config.toml").write_text(SETTINGS)
    return folder


def check(project: Path) -> Result:
    return CliRunner().invoke(app, ["functions", "check", "--project", str(project)])


def test_clean_functions_pass(project: Path) -> None:
    done = check(project)
    assert done.exit_code == 0, done.output
    assert [line.split()[-1] for line in done.stdout.splitlines()] == [
        "format",
        "lint",
        "types",
        "tests",
        "settings",
    ]


@pytest.mark.parametrize(
    ("fails", "file", "source"),
    [
        ("format", "other.ts", "export const  a = 1\n"),
        ("lint", "other.ts", "export const a: any = 1;\n"),
        ("types", "other.ts", 'export const a: number = "one";\n'),
        ("tests", "other.test.ts", 'Deno.test("fails", () => {\n  throw new Error("planted");\n});\n'),
    ],
)
def test_each_check_finds_its_fault(project: Path, fails: str, file: str, source: str) -> None:
    write_function(project, "good", source, file)
    done = check(project)
    assert done.exit_code == 1
    assert f"Failed: {fails}." in done.output


def test_a_function_needs_settings_and_settings_a_function(project: Path) -> None:
    write_function(project, "forgotten", CLEAN)
    (project / "supabase" / "config.toml").write_text(SETTINGS + "[functions.gone]\nverify_jwt = false\n")
    found = settings_problems(project)
    assert found is not None
    assert "[functions.forgotten] must say verify_jwt" in found
    assert "[functions.gone] has no supabase/functions/gone/index.ts" in found


def test_missing_packages_are_one_line(project: Path) -> None:
    (project / "node_modules").unlink()
    done = check(project)
    assert done.exit_code == 1
    assert "run: make setup" in done.output
    assert done.output.count("\n") == 1


def test_our_own_functions_have_settings_and_the_products_version() -> None:
    assert settings_problems(PROJECT) is None
    version = tomllib.loads((PROJECT / "pyproject.toml").read_text())["project"]["version"]
    said = (PROJECT / "supabase" / "functions" / "_shared" / "version.ts").read_text()
    assert f'VERSION = "{version}"' in said


def test_the_supabase_cli_accepts_our_settings(tmp_path: Path) -> None:
    (tmp_path / "supabase").mkdir()
    target = tmp_path / "supabase" / "config.toml"
    shutil.copy(PROJECT / "supabase" / "config.toml", target)
    nowhere = "postgresql://nobody@127.0.0.1:1/nothing"
    with pytest.raises(SupabaseCliError) as error:
        run("migration", "list", dsn=nowhere, workdir=tmp_path)
    assert "failed to connect" in str(error.value)
    assert "WARN" not in str(error.value)
    target.write_text(target.read_text().replace('policy = "per_worker"', 'policy = "nonsense"'))
    with pytest.raises(SupabaseCliError, match="nonsense"):
        run("migration", "list", dsn=nowhere, workdir=tmp_path)
