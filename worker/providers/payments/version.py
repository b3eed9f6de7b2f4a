"""The version of Stripe's API that the worker speaks: the one its SDK was made for.

Sent with every request. The webhook endpoint has a version of its own, set where it is created; events only
say what to fetch again, so the two may differ.
"""

API_VERSION = "2026-10-28.endive"
