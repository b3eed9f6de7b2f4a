"""Decisions of the integrations domain; no I/O."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from worker.errors import ProviderAuthError, ProviderError, ProviderRateLimited, ProviderRejected
from worker.providers.crm.port import Crm, Fate, Person, Receipt

Row = Mapping[str, Any]
Record = dict[str, Any]

LAG_SECONDS = 10.0
"""Longer than a statement of a client may run (8 s), so that no change commits behind the cursor."""

PATIENCE_SECONDS = 60.0
"""When a vendor asks us to slow down and does not say for how long."""

FIRST_WAIT_SECONDS = 30.0
LONGEST_WAIT_SECONDS = 3600.0


@dataclass(frozen=True, slots=True)
class Item:
    """A person to send, and the hash of what is sent."""

    row: Row
    person: Person
    digest: str


@dataclass(frozen=True, slots=True)
class Plan:
    """What a batch of contacts needs: `items` are sent, `records` only noted; the rest is unchanged."""

    items: Sequence[Item]
    records: Sequence[Record]


def plan(crm: Crm, settings: Mapping[str, str], rows: Iterable[Row], baseline_at: datetime) -> Plan:
    """`rows` are those of next_contacts."""
    items: list[Item] = []
    records: list[Record] = []
    for row in rows:
        person = person_of(row)
        view = crm.view(settings, person)
        if view is None:
            continue
        item = Item(row, person, digest(view))
        if not crm.is_repeatable and (noted := _noted(item, baseline_at)):
            records.append(noted)
        elif row["sent_hash"] != item.digest:
            items.append(item)
    return Plan(items, records)


def _noted(item: Item, baseline_at: datetime) -> Record | None:
    """For what may be sent once only: a record in place of sending, or None."""
    if item.row["record_status"] == "sending":
        return record(item, "unknown", _lost())
    if item.row["record_status"] is None and item.row["created_at"] < baseline_at:
        return record(item, "baseline")
    return None


def _lost() -> tuple[str, str]:
    return "crm.outcome_unknown", "A worker stopped while the event was sent; it is not repeated."


def person_of(row: Row) -> Person:
    """A row of next_contacts as providers know it."""
    return Person(
        id=row["id"],
        name=row["name"],
        email=row["email"],
        phone=row["phone"],
        language=row["language"],
        company=row["company"],
        job_title=row["job_title"],
        source=row["source"],
        country=row["country"],
        lifecycle=row["lifecycle"],
        consent=row["consent"],
        consent_at=row["consent_at"],
        is_known=row["record_status"] == "synced",
    )


def digest(view: Mapping[str, Any]) -> str:
    """sha256 in hexadecimal of what is sent, whatever the order of its fields."""
    text = json.dumps(view, sort_keys=True, ensure_ascii=False, separators=(",", ":"))
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()


def record(item: Item, status: str, why: tuple[str | None, str | None] = (None, None)) -> Record:
    """A row of save_pushed."""
    return {
        "contact_id": str(item.person.id),
        "status": status,
        "hash": item.digest,
        "code": why[0],
        "message": why[1],
    }


def records_of(items: Sequence[Item], receipts: Iterable[Receipt]) -> list[Record]:
    """What became of those that have a receipt."""
    by_id = {item.person.id: item for item in items}
    statuses: dict[Fate, str] = {"synced": "synced", "refused": "refused", "unknown": "unknown"}
    return [
        {
            **record(by_id[receipt.person_id], statuses[receipt.fate], (receipt.code, receipt.message)),
            "remote_id": receipt.remote_id,
            "is_withdrawn": receipt.has_unsubscribed,
        }
        for receipt in receipts
    ]


def waiting(item: Item) -> Record:
    """It was about to be sent and surely was not: as before, so that it is sent another time."""
    return {**record(item, "waiting"), "hash": item.row["sent_hash"]}


@dataclass(frozen=True, slots=True)
class Setback:
    """What an error means for a connection: seconds to wait, whether it counts, whether it is the end."""

    wait: float
    counts: bool
    is_final: bool


def setback(error: ProviderError, failures: int, uniform: Callable[[float, float], float]) -> Setback:
    """`failures` is how many there were in a row before; `uniform` draws between two numbers."""
    if isinstance(error, ProviderAuthError | ProviderRejected):
        return Setback(0.0, counts=True, is_final=True)
    if isinstance(error, ProviderRateLimited):
        return Setback(_bounded(error.retry_after or PATIENCE_SECONDS), counts=False, is_final=False)
    wait = FIRST_WAIT_SECONDS * 2 ** min(failures, 10)
    asked = error.retry_after or 0.0
    return Setback(max(_bounded(asked), uniform(0.5, 1.0) * _bounded(wait)), counts=True, is_final=False)


def _bounded(seconds: float) -> float:
    return min(max(seconds, 1.0), LONGEST_WAIT_SECONDS)
