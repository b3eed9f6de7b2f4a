from __future__ import annotations

import stripe
from hypothesis import given
from hypothesis import strategies as st

from worker.providers.webhooks.signing import signature


def test_a_known_value() -> None:
    assert signature("whsec_test", b'{"a":1}', 1_700_000_000) == (
        "t=1700000000,v1=38877139021993b830af32feea6e18a8da83eb2f6e49ee50bd9e4cf4ca4d3789"
    )


@given(st.text(), st.text(), st.integers(0, 2**33))
def test_what_stripes_own_verifier_accepts(ending: str, body: str, at: int) -> None:
    secret = f"whsec_{ending}"
    header = signature(secret, body.encode(), at)
    assert stripe.WebhookSignature.verify_header(body, header, secret) is True
