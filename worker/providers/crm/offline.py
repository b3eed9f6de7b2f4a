"""Systems that nothing reaches: what would be sent is kept, by the vendors' own rules of who is sent."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from worker.providers.crm.port import Access, Checked, Crm, Person, Pushed, Receipt


class OfflineCrm:
    """Stands for `vendor`. `sent` has every send of this process; `outbox` gets each as a line of JSON."""

    is_offline = True

    def __init__(self, vendor: Crm, outbox: Path | None = None) -> None:
        self.sent: list[dict[str, Any]] = []
        self._vendor = vendor
        self._outbox = outbox

    @property
    def name(self) -> str:
        return self._vendor.name

    @property
    def batch(self) -> int:
        return self._vendor.batch

    @property
    def is_repeatable(self) -> bool:
        return self._vendor.is_repeatable

    def view(self, settings: Mapping[str, str], person: Person) -> Mapping[str, Any] | None:
        """See the port."""
        return self._vendor.view(settings, person)

    async def check(self, access: Access) -> Checked:
        """See the port. Nobody is asked."""
        return Checked("Offline: contacts are kept, not sent")

    async def push(self, access: Access, people: Sequence[Person]) -> Pushed:
        """See the port."""
        for person in people:
            self._keep(person, self.view(access.settings, person))
        return Pushed([Receipt(person.id, remote_id=f"offline-{person.id}") for person in people])

    async def close(self) -> None:
        await self._vendor.close()

    def _keep(self, person: Person, body: Mapping[str, Any] | None) -> None:
        entry = {
            "at": datetime.now(UTC).isoformat(),
            "to": self.name,
            "contact_id": str(person.id),
            "body": body,
        }
        self.sent.append(entry)
        if self._outbox is not None:
            self._outbox.parent.mkdir(parents=True, exist_ok=True)
            with self._outbox.open("a", encoding="utf-8") as file:
                file.write(json.dumps(entry, ensure_ascii=False) + "\n")
