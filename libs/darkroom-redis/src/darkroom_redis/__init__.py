"""Redis client of all services, and the features that they share in Redis apart from the queue.

RedisClient                    commands and scripts on one server; raises `RedisUnavailable` during an outage
RateLimits                     rate limits shared by all replicas
Tickets                        single-use credentials for WebSockets
OperatorTickets                reusable credentials of operators' browsers for queue-api
KeyDirectory                   hashes of the valid API keys, published by platform-api
WakeupSender, WakeupReceiver   signals between processes that there is work
"""

from darkroom_redis.client import RedisClient
from darkroom_redis.errors import RedisUnavailable
from darkroom_redis.key_directory import KeyDirectory
from darkroom_redis.operator_tickets import OPERATOR_TICKET_TTL_S, OperatorTickets
from darkroom_redis.rate_limit import RateLimits, RateLimitState
from darkroom_redis.tickets import TICKET_TTL_S, TicketExpired, TicketHolder, Tickets
from darkroom_redis.wakeups import WakeupReceiver, WakeupSender

__all__ = [
    "OPERATOR_TICKET_TTL_S",
    "TICKET_TTL_S",
    "KeyDirectory",
    "OperatorTickets",
    "RateLimitState",
    "RateLimits",
    "RedisClient",
    "RedisUnavailable",
    "TicketExpired",
    "TicketHolder",
    "Tickets",
    "WakeupReceiver",
    "WakeupSender",
]
