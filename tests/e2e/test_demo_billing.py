"""``lamina demo billing`` on the running platform: a customer buys, changes, uses and cancels."""

from __future__ import annotations

import json
from typing import Any

import pytest
from typer.testing import CliRunner

from scripts.cli import app
from scripts.stack.state import State


@pytest.fixture(scope="module")
def steps(stack: State) -> list[dict[str, Any]]:
    done = CliRunner().invoke(app, ["demo", "billing", "--json"])
    assert done.exit_code == 0, done.output
    found: list[dict[str, Any]] = json.loads(done.stdout)
    return found


def test_the_plan_follows_the_payment(steps: list[dict[str, Any]]) -> None:
    free, checkout, paid, *_ = steps
    assert (free["plan"], free["included"], free["premium"]) == ("free", 100, False)
    assert "/stripe-offline/pay/" in checkout["url"]
    assert (paid["plan"], paid["included"], paid["premium"]) == ("professional", 10000, True)
    assert paid["status"] == "active"


def test_invoice_and_payment_are_there(stack: State, steps: list[dict[str, Any]]) -> None:
    papers = steps[3]
    assert (papers["total"], papers["paid"]) == (9900, 9900)
    assert papers["invoice"].startswith(f"{stack.url}/stripe-offline/invoice/")


def test_change_credits_and_use(steps: list[dict[str, Any]]) -> None:
    changed, bought, used = steps[4:7]
    assert (changed["plan"], changed["included"]) == ("business", 50000)
    assert bought["credits"] == 1000
    assert {name: used[name] for name in ("used", "included", "credits", "overage")} == {
        "used": 3,
        "included": 50000,
        "credits": 1000,
        "overage": 0,
    }


def test_cancelling_takes_the_plan_away_and_leaves_the_credits(steps: list[dict[str, Any]]) -> None:
    end = steps[-1]
    assert (end["status"], end["plan"], end["premium"]) == ("canceled", "free", False)
    assert end["credits"] == 1000


def test_for_people_it_says_that_no_money_moves(stack: State) -> None:
    done = CliRunner().invoke(app, ["demo", "billing"])
    assert done.exit_code == 0, done.output
    assert "OFFLINE" in done.stdout
    assert "No money moves" in done.stdout
    assert "Paid: plan Professional" in done.stdout


def test_plans_are_for_sale_from_the_start(stack: State) -> None:
    done = CliRunner().invoke(app, ["plans", "diff", "--check"])
    assert (done.exit_code, done.stdout) == (0, "Stripe sells what the database sells.\n")


def test_what_the_customers_did_is_what_stripe_says(stack: State, steps: list[dict[str, Any]]) -> None:
    done = CliRunner().invoke(app, ["stripe", "reconcile", "--dry-run", "--json"])
    report = json.loads(done.stdout)
    assert report["checked"] >= 2
    assert [drift for drift in report["drift"] if drift["kind"].startswith("subscription")] == []
