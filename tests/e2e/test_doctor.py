"""The doctor finds the local platform well, and sees a door that is shut."""

from __future__ import annotations

import json
from dataclasses import replace

from typer.testing import CliRunner

from scripts.cli import app
from scripts.doctor.doors import door_findings
from scripts.doctor.target import PlatformSettings, find_target
from scripts.stack.state import State


def test_the_local_platform_is_well(stack: State) -> None:
    done = CliRunner().invoke(app, ["doctor", "--json"])
    found = json.loads(done.stdout)
    assert [finding for finding in found if finding["level"] != "ok"] == []
    assert done.exit_code == 0
    assert {"Auth", "Realtime", "Data API", "Storage", "Functions", "Wake-up"} <= {f["name"] for f in found}
    assert stack.secret_key not in done.stdout


def test_wrong_keys_are_found(stack: State) -> None:
    target = find_target(PlatformSettings(_env_file=None), stack)
    assert target is not None
    wrong = replace(target, publishable_key="sb_publishable_wrong", secret_key="sb_secret_wrong")
    levels = {finding.name: finding.level for finding in door_findings(wrong)}
    assert levels["Auth"] == levels["Data API"] == levels["Storage"] == levels["Realtime"] == "fail"
    assert levels["Functions"] == "ok"
