"""Refusals in Stripe's shape (docs.stripe.com/api/errors)."""

from __future__ import annotations

from typing import Any


class StripeError(Exception):
    """Answered as ``{"error": {type, code?, message, param?}}`` with this HTTP status."""

    def __init__(
        self,
        status: int,
        message: str,
        *,
        code: str | None = None,
        param: str | None = None,
        kind: str = "invalid_request_error",
    ) -> None:
        super().__init__(message)
        self.status = status
        self._error = {"type": kind, "code": code, "message": message, "param": param}

    @property
    def body(self) -> dict[str, Any]:
        """What is sent; fields without a value are left out, as Stripe does."""
        return {"error": {name: value for name, value in self._error.items() if value is not None}}


def missing(kind: str, id: str, param: str = "id") -> StripeError:
    """An id that is not there."""
    return StripeError(404, f"No such {kind}: '{id}'", code="resource_missing", param=param)


def unreferenced(kind: str, id: str, param: str) -> StripeError:
    """An id in a parameter that is not there: Stripe says 400 then, and 404 only for the address itself."""
    return StripeError(400, f"No such {kind}: '{id}'", code="resource_missing", param=param)


def invalid(message: str, param: str | None = None, code: str | None = None) -> StripeError:
    """A request that cannot be done as asked."""
    return StripeError(400, message, code=code, param=param)


def not_offline(what: str, param: str) -> StripeError:
    """Stripe could, the twin does not; better said than ignored."""
    return StripeError(400, f"The offline twin of Stripe does not support {what}.", param=param)
