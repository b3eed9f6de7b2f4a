"""Whether settings and credentials are good is asked of the vendor."""

from __future__ import annotations

from uuid import UUID

from worker.domains.integrations.ports import IntegrationPorts
from worker.domains.integrations.repository import SQL, write
from worker.domains.integrations.sync import access_of, keep_token, set_back
from worker.errors import ProviderAuthError, ProviderRejected
from worker.runtime.outcome import DONE, Done, Outcome


async def check_connection(ports: IntegrationPorts, connection_id: UUID) -> Outcome:
    """Notes the account's name, or why not. Raises a ProviderError that is worth another try."""
    connection = await ports.db.one(SQL["get_connection"], {"connection_id": connection_id})
    if connection is None or connection["kind"] not in ports.crms:
        return DONE
    crm = ports.crms[connection["kind"]]
    try:
        checked = await crm.check(access_of(connection))
    except (ProviderAuthError, ProviderRejected) as error:
        return await set_back(ports, connection, error)
    if checked.token is not None:
        await keep_token(ports, connection, checked.token)
    tested = {"connection_id": connection_id, "version": connection["credentials_version"]}
    return Done(write("connection_tested", **tested, account=checked.account, is_offline=crm.is_offline))
