"""The local platform sells at its twin by itself."""

from __future__ import annotations

from dataclasses import replace

import pytest
from pydantic import SecretStr

from scripts.billing import local
from scripts.billing.target import Till as Register
from scripts.billing.target import twin_till
from scripts.commands.stack import stock as stock_up
from scripts.stack.settings import StackSettings
from scripts.stack.state import new_state
from tests.support.offline_stripe import KEY
from tests.support.till import Till
from worker.settings import ProviderSettings


def test_the_local_platform_sells_offline_by_itself(
    till: Till, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    state = new_state(StackSettings())
    settings = ProviderSettings(stripe_api_base=till.twin.url, stripe_secret_key=SecretStr(KEY))
    told: list[str] = []

    def stock(found: Register | None) -> list[str]:
        monkeypatch.setattr(local, "twin_till", lambda _: found)
        told.clear()
        stock_up(state, lambda what, seconds: told.append(what))
        return told

    register = Register(till.db.dsn("lamina_worker"), False, settings)
    assert stock(register) == ["plans for sale, offline"]
    assert till.plans("diff") == []
    assert stock(None) == []
    wrong = settings.model_copy(update={"stripe_secret_key": SecretStr("sk_test_offline_wrong")})
    assert stock(replace(register, settings=wrong)) == []
    said = capsys.readouterr().err
    assert "cannot be bought offline" in said
    assert "lamina plans push" in said


def test_a_developers_key_means_no_twin(monkeypatch: pytest.MonkeyPatch) -> None:
    state = new_state(StackSettings())
    monkeypatch.delenv("STRIPE_SECRET_KEY", raising=False)
    twin = twin_till(state)
    assert twin is not None
    assert twin.settings.stripe_api_base == f"{state.url}/stripe-offline"
    monkeypatch.setenv("STRIPE_SECRET_KEY", "sk_test_of_a_developer")
    assert twin_till(state) is None
