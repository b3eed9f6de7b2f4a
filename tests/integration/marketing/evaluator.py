"""What a filter means, written a second time without SQL, for comparison."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

Filter = Mapping[str, Any]
Contact = Mapping[str, Any]


def fits(filter_: Filter, contact: Contact, now: datetime) -> bool:
    """Whether a contact is in the segment; ``got`` are the ids of campaigns that went to their address."""
    if "all" in filter_:
        return all(fits(part, contact, now) for part in filter_["all"])
    if "any" in filter_:
        return any(fits(part, contact, now) for part in filter_["any"])
    if "not" in filter_:
        return not fits(filter_["not"], contact, now)
    if filter_["field"] == "campaign":
        return (filter_["value"] in contact["got"]) == (filter_["op"] == "received")
    return _compares(filter_["op"], contact[filter_["field"]], filter_.get("value"), now)


def _compares(operator: str, found: Any, wanted: Any, now: datetime) -> bool:
    """A value that is missing fits nothing."""
    if operator == "is_set":
        return found not in (None, "", [])
    if found is None:
        return False
    if isinstance(found, list):
        have, want = {tag.lower() for tag in found}, {tag.lower() for tag in wanted}
        return bool(have & want) if operator == "has_any" else want <= have
    if isinstance(found, datetime):
        return _moments(operator, found, wanted, now)
    if isinstance(found, int):
        return _numbers(operator, found, wanted)
    return _texts(operator, str(found).lower(), wanted)


def _moments(operator: str, found: datetime, wanted: Any, now: datetime) -> bool:
    if operator == "within_days":
        return found >= now - timedelta(days=wanted)
    if operator == "older_than_days":
        return found < now - timedelta(days=wanted)
    moment = datetime.fromisoformat(wanted)
    moment = moment if moment.tzinfo else moment.replace(tzinfo=UTC)
    return found < moment if operator == "before" else found >= moment


def _numbers(operator: str, found: int, wanted: float) -> bool:
    return {
        "eq": found == wanted,
        "lt": found < wanted,
        "lte": found <= wanted,
        "gt": found > wanted,
        "gte": found >= wanted,
    }[operator]


def _texts(operator: str, found: str, wanted: Any) -> bool:
    if operator == "in":
        return found in [item.lower() for item in wanted]
    want = wanted.lower()
    return {
        "eq": found == want,
        "contains": want in found,
        "starts_with": found.startswith(want),
        "ends_with": found.endswith(want),
    }[operator]
