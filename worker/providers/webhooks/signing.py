"""How a receiver knows that a delivery is ours. Pure.

`Lamina-Signature: t=<unix seconds>,v1=<hex>`, where v1 is HMAC-SHA256 of "<t>.<body>" with the webhook's
secret: the scheme of Stripe, so receivers can use what they have. They should refuse an old `t`.
"""

from __future__ import annotations

import hashlib
import hmac

HEADER = "Lamina-Signature"


def signature(secret: str, body: bytes, at: int) -> str:
    """The value of the header; `at` is in seconds since 1970."""
    signed = b"%d.%b" % (at, body)
    return f"t={at},v1={hmac.new(secret.encode(), signed, hashlib.sha256).hexdigest()}"
