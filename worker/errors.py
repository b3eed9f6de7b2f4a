"""Every error the worker raises on purpose.

    LaminaError                    code, message
    ├── ConfigurationError         a setting is missing or wrong; said at start, never retried
    ├── DocumentRejected           the document itself cannot be processed; permanent
    ├── JobCancelled               the user asked for the job to stop
    ├── ComputationKilled          work in a child process ran out of time or memory, or crashed the process
    └── ProviderError              provider, retry_after
        ├── ProviderRateLimited    asked to slow down (429); retry_after says how long when the vendor did
        ├── ProviderUnavailable    cannot serve now (5xx, overloaded, connection lost); worth another try
        │   └── ProviderTimeout    did not answer in the time we give it
        ├── DeliveryUnknown        may or may not have taken what we sent; sending again could say it twice
        ├── ProviderAuthError      key missing, wrong or without rights; a person must act
        └── ProviderRejected       refused this very request; the same request will fail again
            ├── ObjectNotFound     the storage has no such object
            └── ObjectTooLarge     the object is larger than the caller allows

``code`` is stable and made for programs (``provider.rate_limited``); ``message`` is a sentence for people.
"""

from __future__ import annotations


class LaminaError(Exception):
    """Base of all. Picklable, so it may cross a process boundary."""

    def __init__(self, code: str, message: str) -> None:
        super().__init__(code, message)
        self.code = code
        self.message = message

    def __str__(self) -> str:
        return f"{self.message} [{self.code}]"


class ConfigurationError(LaminaError):
    """A setting is missing or wrong."""


class DocumentRejected(LaminaError):
    """The document cannot be processed, now or later."""


class JobCancelled(LaminaError):
    """The work was stopped on request."""

    def __init__(self, code: str = "job.cancelled", message: str = "The job was cancelled.") -> None:
        super().__init__(code, message)


class ComputationKilled(LaminaError):
    """Its input is to blame: the same input would end the same way."""


class ProviderError(LaminaError):
    """A vendor did not do what we asked; ``retry_after`` is in seconds from now, None when unknown."""

    def __init__(
        self, code: str, message: str, *, provider: str = "", retry_after: float | None = None
    ) -> None:
        super().__init__(code, message)
        self.provider = provider
        self.retry_after = retry_after


class ProviderRateLimited(ProviderError):
    """The vendor asked us to slow down."""


class ProviderUnavailable(ProviderError):
    """The vendor cannot serve now."""


class ProviderTimeout(ProviderUnavailable):
    """The vendor did not answer in time."""


class DeliveryUnknown(ProviderError):
    """The request was sent and its outcome never came back; it is not repeated blindly."""

    def __init__(
        self,
        code: str = "provider.outcome_unknown",
        message: str = "It is not known whether the message was delivered: no answer came.",
        *,
        provider: str = "",
    ) -> None:
        super().__init__(code, message, provider=provider)


class ProviderAuthError(ProviderError):
    """The vendor does not accept our key."""


class ProviderRejected(ProviderError):
    """The vendor refused this request for good."""


class ObjectNotFound(ProviderRejected):
    """The storage has no object at this path."""


class ObjectTooLarge(ProviderRejected):
    """The object exceeds the cap the caller set, in bytes."""
