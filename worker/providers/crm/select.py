"""The systems that the settings mean, by kind of connection."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from worker.providers.crm.google_analytics import GoogleAnalytics
from worker.providers.crm.mailchimp import Mailchimp
from worker.providers.crm.offline import OfflineCrm
from worker.providers.crm.port import Crm
from worker.providers.crm.salesforce import Salesforce
from worker.settings import ProviderSettings


@dataclass(frozen=True, slots=True)
class Crms:
    """`by_kind` of connection."""

    by_kind: Mapping[str, Crm]

    async def close(self) -> None:
        """Closes every one."""
        for crm in self.by_kind.values():
            await crm.close()


def crms(settings: ProviderSettings) -> Crms:
    """Credentials belong to connections, so none here decides."""
    patience = {
        "connect_timeout": settings.lamina_provider_connect_seconds,
        "timeout": settings.lamina_crm_timeout_seconds,
    }
    vendors: list[Crm] = [
        Mailchimp(settings.mailchimp_base_url, **patience),
        Salesforce(settings.salesforce_base_url, **patience),
        GoogleAnalytics(settings.google_analytics_base_url, **patience),
    ]
    if settings.lamina_crm_provider == "offline":
        vendors = [OfflineCrm(vendor, settings.lamina_crm_outbox) for vendor in vendors]
    return Crms({vendor.name: vendor for vendor in vendors})
