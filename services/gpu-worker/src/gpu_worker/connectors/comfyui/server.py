"""What all attempts on one server share."""

from gpu_worker.backends.credentials import Credential
from gpu_worker.backends.entry import BackendEntry
from gpu_worker.connectors.comfyui.cancel import Cancellations
from gpu_worker.connectors.comfyui.client import ComfyClient
from gpu_worker.connectors.comfyui.follow import Follower
from gpu_worker.connectors.comfyui.prompt_ids import client_id
from gpu_worker.connectors.comfyui.socket import EventSocket
from gpu_worker.connectors.session import ServerSession


class Server:
    """The connections to one server, and what is remembered about it. `version` is None until it was asked."""

    def __init__(self, entry: BackendEntry, credential: Credential | None, worker_id: str) -> None:
        self.entry, self.client_id = entry, client_id(worker_id)
        self.version: str | None = None
        self._session = ServerSession(entry.url or "", credential)
        self.client = ComfyClient(self._session)
        self.cancellations = Cancellations(self.client)
        self.socket = EventSocket(self._session, self.client_id, self.cancellations.sweep)
        self.follower = Follower(self.client, self.socket)

    async def close(self) -> None:
        """Close the connections."""
        await self.cancellations.close()
        await self.socket.close()
        await self._session.close()
