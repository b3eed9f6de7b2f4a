"""Stripe's side of the tests: its API, its pages, its events, and what it does without being asked."""

from __future__ import annotations

import json
from typing import Any

from scripts.stack.payments.store import Store
from tests.support.offline_stripe import Twin

Row = dict[str, Any]
Event = dict[str, Any]


class TheirSide:
    """A running twin whose deliveries go nowhere: a test takes the events and feeds them as it wants."""

    def __init__(self, twin: Twin) -> None:
        self.twin = twin
        self._api = twin.http()
        self._seen: set[str] = set()

    def close(self) -> None:
        self._api.close()

    def get(self, path: str, **query: Any) -> Row:
        """An object of the API, or a page of a list."""
        return self._body(self._api.get(f"/v1/{path}", params=query))

    def post(self, path: str, **fields: Any) -> Row:
        """A write to the API, as someone does it in the dashboard."""
        return self._body(self._api.post(f"/v1/{path}", data=fields))

    def delete(self, path: str) -> Row:
        """Removes an object."""
        return self._body(self._api.delete(f"/v1/{path}"))

    def all_of(self, path: str, **query: Any) -> list[Row]:
        """A whole list, newest first."""
        found: list[Row] = []
        while True:
            after = {"starting_after": found[-1]["id"]} if found else {}
            page = self.get(path, limit=100, **query, **after)
            found += page["data"]
            if not page["has_more"]:
                return found

    def press(self, url: str, what: str, **fields: str) -> None:
        """A button of one of its pages."""
        answer = self.twin.press(url, what, **fields)
        assert answer.status_code == 303, answer.text

    def new_events(self) -> list[Event]:
        """Those that were not asked for before, oldest first."""
        found = [event for event in self.all_of("events") if event["id"] not in self._seen]
        self._seen.update(event["id"] for event in found)
        return found[::-1]

    def rewrite(self, object_id: str, **changes: Any) -> Row:
        """What the twin does not do by itself happens to an object, without an event."""
        store = Store(self.twin.file)
        try:
            with store.transaction():
                changed = (store.get(object_id) or {}) | changes
                store.put(changed)
        finally:
            store.close()
        return changed

    def meter_events(self, metric: str) -> list[Row]:
        """As they were reported, oldest first."""
        store = Store(self.twin.file)
        try:
            kept = store.all("billing.meter_event")[::-1]
        finally:
            store.close()
        return [event for event in kept if event["event_name"] == f"lamina_{metric}"]

    def metered(self, metric: str) -> int:
        """Their sum."""
        return sum(int(event["payload"]["value"]) for event in self.meter_events(metric))

    @staticmethod
    def _body(answer: Any) -> Row:
        assert answer.status_code == 200, answer.text
        body: Row = answer.json()
        return body


def variant(event: Event, **changes: Any) -> Event:
    """A copy with other fields."""
    copy: Event = json.loads(json.dumps(event))
    return copy | changes
