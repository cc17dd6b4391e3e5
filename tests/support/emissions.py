"""Events of assets, as platform-api hands them to the event log."""

from typing import Any

from darkroom_schemas.events import Emission, EventType
from darkroom_schemas.ids import JobId, TenantId, new_uuid7


def asset_emission(tenant: str, outbox_id: int, kind: EventType = EventType.ASSET_CREATED, **data: Any) -> Emission:
    """Make an event of a new asset of a user; `data` adds members to its data."""
    return Emission(
        outbox_id=outbox_id,
        type=kind,
        job_id=JobId(new_uuid7()),
        tenant=TenantId(tenant),
        data={"asset_id": new_uuid7(), "mime_type": "image/png"} | data,
    )
