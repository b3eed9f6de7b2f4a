"""What another system sent becomes a contact."""

from __future__ import annotations

from uuid import UUID

from psycopg.types.json import Jsonb

from worker.domains.integrations.mapping import person_in
from worker.domains.integrations.ports import IntegrationPorts
from worker.domains.integrations.repository import SQL, write
from worker.runtime.outcome import DONE, Done, Fail, Outcome


async def apply_event(ports: IntegrationPorts, event_id: UUID) -> Outcome:
    """Made or changed in the transaction that ends the job: at most once."""
    event = await ports.db.one(SQL["get_event"], {"event_id": event_id})
    if event is None:
        return DONE
    person = person_in(event["body"], event["settings"]["fields"])
    if not person.keys() & {"external_id", "email"}:
        return Fail("inbound.nobody", "The event names nobody: where the map says is neither id nor e-mail.")
    return Done(write("apply_inbound", event_id=event_id, person=Jsonb(person)))
