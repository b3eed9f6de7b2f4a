"""``lamina plans`` where somebody else has been at Stripe too."""

from __future__ import annotations

from pathlib import Path

from scripts.stack.cluster import free_port as unused_port
from tests.support.offline_stripe import running_twin
from tests.support.till import Till

PACK = "lamina_pack_requests_1000"


def test_what_is_not_known_here_is_told_and_left_alone(stocked: Till) -> None:
    v1 = stocked.stripe.v1
    stranger = v1.products.create(
        {"name": "Strange", "metadata": {"lamina_plan": "strange", "lamina_version": "1"}}
    )
    v1.products.create({"name": "Of something else"})
    price = v1.prices.create(
        {"product": stranger.id, "currency": "usd", "unit_amount": 5, "lookup_key": "lamina_strange_v1_month"}
    )
    said = [("lamina_strange_v1", "unknown"), ("lamina_strange_v1_month", "unknown")]
    assert stocked.plans("diff") == said
    assert stocked.run("plans", "diff", "--check").exit_code == 1
    assert stocked.plans("push") == []
    assert v1.products.retrieve(stranger.id).active
    assert v1.prices.retrieve(price.id).active
    v1.products.update(stranger.id, {"active": False})
    v1.prices.update(price.id, {"active": False})
    assert stocked.plans("diff") == []


def make_price(till: Till, key: str, amount: int) -> str:
    product = till.stripe.v1.products.create({"name": "Made by hand"})
    made = till.stripe.v1.prices.create(
        {"product": product.id, "currency": "usd", "unit_amount": amount, "lookup_key": key}
    )
    return made.id


def test_pull_takes_prices_made_elsewhere_and_changes_nothing_there(till: Till) -> None:
    good = make_price(till, PACK, 900)
    make_price(till, "lamina_pack_voice_1h", 1)
    writes = till.writes()
    assert till.plans("pull") == [(PACK, "unrecorded")]
    assert till.record(good) == (PACK, True, True)
    assert till.db.value("select count(*) from app.stripe_prices") == 1
    assert till.writes() == writes
    assert (PACK, "missing") not in till.plans("diff")
    assert ("lamina_pack_voice_1h", "differs") in till.plans("diff")


def test_push_replaces_a_price_made_elsewhere_on_other_terms(till: Till) -> None:
    wrong = make_price(till, PACK, 1)
    assert till.run("plans", "push").exit_code == 0
    assert till.price(PACK).unit_amount == 900
    assert till.stripe.v1.prices.retrieve(wrong).active is False
    assert till.plans("diff") == []


def test_prices_of_another_account_are_not_sold(stocked: Till, tmp_path: Path) -> None:
    there = stocked.price(PACK).id
    with running_twin(tmp_path / "other.sqlite3", unused_port()) as other:
        stocked.environment["STRIPE_API_BASE"] = other.url
        assert stocked.run("plans", "push").exit_code == 0
        assert stocked.record(there)[1] is False
        assert stocked.db.value("select count(*) from app.stripe_prices where is_active") == 20
