"""``lamina plans`` on a real database and the offline twin of Stripe."""

from __future__ import annotations

import asyncio
from collections import Counter
from typing import Any

import pytest
from pydantic import SecretStr

from scripts.billing.push import push
from scripts.billing.target import Till as Register
from tests.support.offline_stripe import KEY
from tests.support.till import Till
from worker.errors import ProviderTimeout
from worker.providers.payments.wire import StripeWire
from worker.settings import ProviderSettings

PACK = "lamina_pack_requests_1000"


def set_pack(till: Till, column: str, value: object) -> None:
    till.db.admin.execute(
        f"update public.credit_packs set {column} = %s where pack = 'requests_1000'", (value,)
    )


def test_push_makes_everything_and_a_second_one_nothing(till: Till) -> None:
    made = till.plans("push")
    assert len(made) == 2 + 5 + 20 + 20
    assert {kind for _, kind in made} == {"missing", "unrecorded"}
    writes = till.writes()
    assert till.plans("push") == []
    assert till.plans("pull") == []
    assert till.plans("diff") == []
    assert till.run("plans", "push").stdout == "Nothing to do.\n"
    assert till.writes() == writes


def test_what_is_made(stocked: Till) -> None:
    def terms(key: str) -> tuple[Any, ...]:
        price = stocked.price(key)
        recurring = price.recurring
        return price.unit_amount_decimal, recurring and recurring.interval, recurring and recurring.usage_type

    assert [str(part) for part in terms("lamina_starter_v1_month")] == ["2900", "month", "licensed"]
    assert [str(part) for part in terms("lamina_business_v1_year")] == ["299000", "year", "licensed"]
    assert [str(part) for part in terms("lamina_professional_v1_requests_year")] == ["0.8", "year", "metered"]
    voice = terms("lamina_starter_v1_voice_seconds_month")
    assert [str(part) for part in voice] == ["0.166666666667", "month", "metered"]
    assert [str(part) for part in terms(PACK)] == ["900", "None", "None"]
    meters = {meter.event_name: meter.id for meter in stocked.stripe.v1.billing.meters.list().data}
    assert set(meters) == {"lamina_requests", "lamina_voice_seconds"}
    assert stocked.price("lamina_starter_v1_requests_month").recurring.meter == meters["lamina_requests"]
    product = stocked.stripe.v1.products.retrieve(stocked.price("lamina_starter_v1_month").product)
    assert (product.name, product.description) == ("Starter", "For a first product.")
    assert product.metadata.to_dict() == {"lamina_plan": "starter", "lamina_version": "1"}


def test_what_is_made_is_written_down(stocked: Till) -> None:
    rows = stocked.db.rows(
        "select s.lookup_key, v.plan, s.metric, s.billing_interval, s.pack from app.stripe_prices as s"
        " left join public.plan_versions as v on v.id = s.plan_version_id"
        " where s.is_active and s.is_product_active"
    )
    by_key = {key: rest for key, *rest in rows}
    assert len(by_key) == 20
    assert by_key["lamina_starter_v1_year"] == ["starter", None, "year", None]
    assert by_key["lamina_business_v1_requests_month"] == ["business", "requests", "month", None]
    assert by_key[PACK] == [None, None, None, "requests_1000"]


def test_a_dry_run_writes_nothing(till: Till) -> None:
    assert len(till.plans("push", "--dry-run")) == 27
    assert "would be made" in till.run("plans", "push", "--dry-run").stdout
    assert till.writes() == 0
    assert till.db.value("select count(*) from app.stripe_prices") == 0


def test_a_push_that_dies_again_and_again_makes_nothing_twice(
    till: Till, monkeypatch: pytest.MonkeyPatch
) -> None:
    whole, writes = StripeWire.call, Counter[str]()

    async def call(self: StripeWire, method: Any, path: str, params: Any = None, **more: Any) -> Any:
        writes[method] += 1 if method == "post" else 0
        if writes["post"] % 8 == 4 and method == "post":
            raise ProviderTimeout("provider.timeout", "Nothing was sent.")
        answer = await whole(self, method, path, params, **more)
        if writes["post"] % 8 == 0 and method == "post":
            raise ProviderTimeout("provider.timeout", "The answer was lost.")
        return answer

    monkeypatch.setattr(StripeWire, "call", call)
    codes = []
    while not codes or codes[-1] != 0:
        codes.append(till.run("plans", "push").exit_code)
        assert len(codes) < 20
    assert len(codes) > 5
    assert till.plans("diff") == []
    products = Counter(
        str(each.metadata.to_dict()) for each in till.stripe.v1.products.list({"limit": 100}).data
    )
    assert set(products.values()) == {1}
    assert len(products) == 5
    assert len(till.stripe.v1.prices.list({"limit": 100}).data) == 20
    assert len(till.stripe.v1.billing.meters.list().data) == 2


async def test_pushes_at_the_same_time_make_nothing_twice(till: Till) -> None:
    settings = ProviderSettings(stripe_api_base=till.twin.url, stripe_secret_key=SecretStr(KEY))
    register = Register(till.db.dsn("lamina_worker"), False, settings)
    await asyncio.gather(*(register.do(push) for _ in range(3)))
    assert await register.do(push) == []
    assert len(till.stripe.v1.products.list({"limit": 100}).data) == 5
    assert len(till.stripe.v1.prices.list({"limit": 100}).data) == 20


def test_another_amount_of_a_pack_is_another_price(stocked: Till) -> None:
    first = stocked.price(PACK).id
    set_pack(stocked, "amount", 1000)
    assert stocked.plans("diff") == [(PACK, "differs")]
    assert stocked.plans("push") == [(PACK, "differs"), (PACK, "unrecorded"), (PACK, "gone")]
    second = stocked.price(PACK)
    assert (second.unit_amount, second.active) == (1000, True)
    old = stocked.stripe.v1.prices.retrieve(first)
    assert (old.active, old.lookup_key) == (False, None)
    assert stocked.record(first)[1] is False
    assert stocked.record(second.id) == (PACK, True, True)
    set_pack(stocked, "amount", 900)
    stocked.plans("push")
    assert stocked.price(PACK).id not in (first, second.id)
    assert stocked.price(PACK).active
    assert stocked.plans("push") == []


@pytest.mark.parametrize("lost_after", [1, 2])
def test_an_interrupted_change_of_a_price_goes_on(
    stocked: Till, monkeypatch: pytest.MonkeyPatch, lost_after: int
) -> None:
    set_pack(stocked, "amount", 1000)
    whole, writes = StripeWire.call, Counter[str]()

    async def call(self: StripeWire, method: Any, path: str, params: Any = None, **more: Any) -> Any:
        answer = await whole(self, method, path, params, **more)
        writes[method] += 1
        if method == "post" and writes["post"] == lost_after:
            raise ProviderTimeout("provider.timeout", "The answer was lost.")
        return answer

    monkeypatch.setattr(StripeWire, "call", call)
    assert stocked.run("plans", "push").exit_code == 1
    assert stocked.run("plans", "push").exit_code == 0
    assert stocked.plans("diff") == []
    product = stocked.price(PACK).product
    prices = stocked.stripe.v1.prices.list({"product": product}).data
    assert [(price.unit_amount, price.active) for price in prices] == [(1000, True), (900, False)]


def test_a_new_version_is_sold_and_the_old_one_archived(stocked: Till) -> None:
    old = stocked.price("lamina_starter_v1_month")
    stocked.db.admin.execute(
        "insert into public.plan_versions (plan, version, currency, monthly_amount)"
        " values ('starter', 2, 'usd', 3900)"
    )
    done = stocked.plans("push")
    assert ("lamina_starter_v1", "not_sold") in done
    assert ("lamina_starter_v1_requests_year", "not_sold") in done
    assert ("lamina_starter_v2_month", "missing") in done
    new = stocked.price("lamina_starter_v2_month")
    assert (new.unit_amount, new.active, new.product != old.product) == (3900, True, True)
    assert stocked.price("lamina_starter_v1_month").active is False
    assert stocked.record(old.id) == ("lamina_starter_v1_month", False, False)
    assert stocked.plans("push") == []


def test_a_plan_off_the_list_and_on_it_again(stocked: Till) -> None:
    stocked.db.admin.execute("update public.plans set is_public = false where plan = 'business'")
    assert set(Counter(kind for _, kind in stocked.plans("push")).items()) == {
        ("not_sold", 7),
        ("unrecorded", 6),
    }
    assert stocked.price("lamina_business_v1_month").active is False
    stocked.db.admin.execute("update public.plans set is_public = true where plan = 'business'")
    assert set(Counter(kind for _, kind in stocked.plans("push")).items()) == {
        ("archived", 7),
        ("unrecorded", 6),
    }
    price = stocked.price("lamina_business_v1_month")
    assert stocked.record(price.id) == ("lamina_business_v1_month", True, True)


def test_a_pack_off_the_list(stocked: Till) -> None:
    set_pack(stocked, "is_sold", False)
    assert stocked.plans("push") == [(PACK, "not_sold"), (PACK, "not_sold"), (PACK, "unrecorded")]
    assert stocked.record(stocked.price(PACK).id) == (PACK, False, False)


def test_what_somebody_archived_at_stripe_is_sold_again(stocked: Till) -> None:
    price = stocked.price("lamina_starter_v1_month")
    stocked.stripe.v1.prices.update(price.id, {"active": False})
    assert stocked.plans("diff") == [
        ("lamina_starter_v1_month", "archived"),
        ("lamina_starter_v1_month", "unrecorded"),
    ]
    assert stocked.plans("pull") == [("lamina_starter_v1_month", "unrecorded")]
    assert stocked.record(price.id)[1] is False
    assert stocked.plans("push")[0] == ("lamina_starter_v1_month", "archived")
    assert stocked.price("lamina_starter_v1_month").active
    assert stocked.record(price.id)[1] is True


def test_a_new_name_is_a_new_name_of_the_product(stocked: Till) -> None:
    stocked.db.admin.execute(
        "update public.plans set name = 'Begin', description = '' where plan = 'starter'"
    )
    assert stocked.plans("push") == [("lamina_starter_v1", "differs")]
    product = stocked.stripe.v1.products.retrieve(stocked.price("lamina_starter_v1_month").product)
    assert (product.name, product.description) == ("Begin", None)
    assert stocked.plans("push") == []


def test_the_table_is_for_people(stocked: Till) -> None:
    set_pack(stocked, "amount", 1000)
    shown = stocked.run("plans", "diff")
    assert shown.exit_code == 0
    assert "10 USD" in shown.stdout
    assert "9 USD" in shown.stdout
    assert stocked.run("plans", "diff", "--check").exit_code == 1
    set_pack(stocked, "amount", 900)
    clean = stocked.run("plans", "diff", "--check")
    assert (clean.exit_code, clean.stdout) == (0, "Stripe sells what the database sells.\n")


@pytest.mark.parametrize(
    ("environment", "says"),
    [
        ({"STRIPE_SECRET_KEY": ""}, "[payments.not_configured]"),
        ({"STRIPE_SECRET_KEY": "sk_test_offline_another"}, "[provider.unauthorised]"),
        ({"LAMINA_DB_URL": "", "LAMINA_ADMIN_DB_URL": ""}, "lamina up"),
    ],
)
def test_what_is_missing_is_one_line(till: Till, environment: dict[str, str], says: str) -> None:
    done = till.run("plans", "push", **environment)
    assert done.exit_code == 1
    assert isinstance(done.exception, SystemExit), done.exception
    assert done.stderr.strip().count("\n") == 0
    assert says in done.stderr
