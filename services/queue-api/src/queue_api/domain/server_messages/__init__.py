"""Messages that WebSockets send, as models: the source of the AsyncAPI document, its examples and the tests' checks."""

from queue_api.domain.server_messages.answers import ANSWERS
from queue_api.domain.server_messages.base import ServerMessage
from queue_api.domain.server_messages.fleet import FLEET
from queue_api.domain.server_messages.groups import GROUPS
from queue_api.domain.server_messages.jobs import JOBS
from queue_api.domain.server_messages.session import CLIENT_GREETING, MONITOR_GREETING, SESSION, SHARED

MONITOR: tuple[type[ServerMessage], ...] = (MONITOR_GREETING, *SHARED, *SESSION, *ANSWERS, *JOBS, *FLEET)
CLIENT: tuple[type[ServerMessage], ...] = (CLIENT_GREETING, *SHARED, *SESSION, *ANSWERS, *JOBS)
GROUP: tuple[type[ServerMessage], ...] = (*GROUPS, *SHARED)
ALL: tuple[type[ServerMessage], ...] = tuple(dict.fromkeys((*MONITOR, *CLIENT, *GROUP)))

__all__ = ["ALL", "CLIENT", "GROUP", "MONITOR", "ServerMessage"]
