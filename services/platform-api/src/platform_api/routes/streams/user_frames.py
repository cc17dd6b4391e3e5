"""Encodes the frames of a user's stream as Server-Sent Events, with jobs in the format of `GET /api/jobs`."""

import json

from darkroom_schemas.job import JobView
from pydantic import BaseModel

from platform_api.domain.streams.user_stream import Snapshot, UserFrame, UserFrameKind
from platform_api.routes.dialects.emprops.mapping import emprops_history
from platform_api.routes.jobs.listing import ListedJob, listed_job
from platform_api.routes.streams.sse import HEARTBEAT


class SnapshotData(BaseModel):
    """The newest jobs; pass `cursor` to GET /api/jobs for older ones."""

    jobs: list[ListedJob]
    cursor: str | None
    total: int


def encode_user_frame(frame: UserFrame) -> bytes:
    """Encode a frame as an event."""
    if frame.kind is UserFrameKind.HEARTBEAT:
        return HEARTBEAT
    lines = [f"event: {frame.kind}"]
    if frame.id is not None:
        lines.append(f"id: {frame.id}")
    lines.append(f"data: {_data(frame)}")
    return ("\n".join(lines) + "\n\n").encode()


def _data(frame: UserFrame) -> str:
    match frame:
        case UserFrame(snapshot=Snapshot() as snapshot):
            jobs = [listed_job(job) for job in snapshot.jobs]
            return SnapshotData(jobs=jobs, cursor=snapshot.cursor, total=snapshot.total).model_dump_json()
        case UserFrame(job=JobView() as job):
            return listed_job(job).model_dump_json()
        case UserFrame(entry=entry) if entry is not None:
            return emprops_history(entry).model_dump_json()
    return json.dumps(frame.data)
