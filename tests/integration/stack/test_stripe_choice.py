"""Without a key of the developer's the platform sells through the offline twin; with one it does not."""

from __future__ import annotations

import json
from dataclasses import asdict
from pathlib import Path

import httpx
import pytest
import stripe

from scripts.stack import stripe_choice
from scripts.stack.gateway import GatewaySettings, create_app
from scripts.stack.settings import StackSettings
from scripts.stack.state import State, load, new_state, save, state_file
from scripts.stack.stripe_choice import DeveloperStripe, choose_stripe
from tests.support.offline_stripe import serving

NAMES = ("STRIPE_SECRET_KEY", "STRIPE_WEBHOOK_SECRET")


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Where the developer's two .env files are; none is there yet."""
    monkeypatch.setitem(DeveloperStripe.model_config, "env_file", tmp_path / ".env")
    monkeypatch.setattr(stripe_choice, "FUNCTIONS_ENV", tmp_path / "functions.env")
    for name in NAMES:
        monkeypatch.delenv(name, raising=False)
    return tmp_path


@pytest.fixture
def settings(folder: Path) -> StackSettings:
    return StackSettings(lamina_port=0, lamina_db_port=0, lamina_state_dir=folder / "state")


@pytest.fixture
def state(settings: StackSettings) -> State:
    return new_state(settings)


def test_without_a_key_all_parts_know_the_twin(settings: StackSettings, state: State) -> None:
    choice = choose_stripe(settings, state)
    secret = state.stripe_offline_webhook_secret
    assert state.stripe_offline_key.startswith("sk_test_offline_")
    assert choice.worker == {
        "STRIPE_API_BASE": f"{state.url}/stripe-offline",
        "STRIPE_SECRET_KEY": state.stripe_offline_key,
        "STRIPE_WEBHOOK_SECRET": secret,
    }
    assert choice.functions == {"STRIPE_WEBHOOK_SECRET": secret}, "functions need no key"
    assert choice.gateway["STRIPE_KEY"] == state.stripe_offline_key
    assert choice.gateway["STRIPE_WEBHOOK_SECRET"] == secret
    assert Path(choice.gateway["STRIPE_FILE"]).parent == settings.lamina_state_dir


@pytest.mark.parametrize("where", ["environment", ".env"])
def test_a_key_of_the_developer_means_stripe(
    folder: Path, settings: StackSettings, state: State, monkeypatch: pytest.MonkeyPatch, where: str
) -> None:
    values = {"STRIPE_SECRET_KEY": "sk_test_theirs", "STRIPE_WEBHOOK_SECRET": "whsec_theirs"}
    if where == "environment":
        for name, value in values.items():
            monkeypatch.setenv(name, value)
    else:
        (folder / ".env").write_text("".join(f"{name}={value}\n" for name, value in values.items()))
    choice = choose_stripe(settings, state)
    assert (choice.gateway, choice.worker) == ({}, {})
    assert choice.functions == {"STRIPE_WEBHOOK_SECRET": "whsec_theirs"}


def test_an_empty_key_is_none(folder: Path, settings: StackSettings, state: State) -> None:
    (folder / ".env").write_text("STRIPE_SECRET_KEY=\nSTRIPE_WEBHOOK_SECRET=\n")
    assert choose_stripe(settings, state).worker["STRIPE_SECRET_KEY"] == state.stripe_offline_key


def test_the_secret_of_the_functions_wins(folder: Path, settings: StackSettings, state: State) -> None:
    """The twin signs with what the function checks."""
    (folder / "functions.env").write_text("STRIPE_WEBHOOK_SECRET=whsec_theirs\n")
    choice = choose_stripe(settings, state)
    assert choice.functions == {}
    assert choice.gateway["STRIPE_WEBHOOK_SECRET"] == "whsec_theirs"


def test_of_a_list_of_secrets_the_twin_signs_with_the_first(
    folder: Path, settings: StackSettings, state: State
) -> None:
    (folder / "functions.env").write_text("STRIPE_WEBHOOK_SECRET=whsec_new, whsec_old\n")
    assert choose_stripe(settings, state).gateway["STRIPE_WEBHOOK_SECRET"] == "whsec_new"


def test_secrets_stay_and_old_files_load(settings: StackSettings, state: State) -> None:
    file = state_file(settings)
    save(state, file)
    assert load(settings) == state
    old = {name: value for name, value in asdict(state).items() if not name.startswith("stripe_")}
    file.write_text(json.dumps(old), "utf-8")
    upgraded = load(settings)
    assert upgraded is not None
    assert upgraded.secret_key == state.secret_key
    assert upgraded.stripe_offline_key.startswith("sk_test_offline_")
    assert upgraded.stripe_offline_webhook_secret.startswith("whsec_offline_")
    save(upgraded, file)
    assert load(settings) == upgraded


def _gateway(port: int, **more: str) -> GatewaySettings:
    """Nothing listens behind its other doors."""
    return GatewaySettings(
        port=port,
        lite_port=9,
        functions_port=9,
        db_url="postgresql://nobody@127.0.0.1:9/none",
        jwt_secret="s" * 32,
        publishable_key="p",
        secret_key="s",
        **more,  # type: ignore[arg-type]
    )


def test_the_gateway_serves_the_twin(tmp_path: Path, free_port: int) -> None:
    more = {"stripe_key": "sk_test_offline_x", "stripe_webhook_secret": "whsec_x"}
    app = create_app(_gateway(free_port, stripe_file=str(tmp_path / "s.sqlite3"), **more))
    with serving(app, free_port):
        base = f"http://127.0.0.1:{free_port}/stripe-offline"
        client = stripe.StripeClient("sk_test_offline_x", base_addresses={"api": base})
        customer = client.v1.customers.create({"name": "Ada"})
        portal = client.v1.billing_portal.sessions.create({"customer": customer.id})
        assert portal.url.startswith(f"{base}/portal/")
        assert "no money moves" in httpx.get(portal.url).text


def test_without_a_key_the_gateway_has_no_such_door(free_port: int) -> None:
    with serving(create_app(_gateway(free_port)), free_port):
        answer = httpx.get(f"http://127.0.0.1:{free_port}/stripe-offline/v1/customers")
        assert answer.status_code == 404
