"""Loads the fixtures that every member's tests share."""

pytest_plugins = [
    "support.parallel",
    "support.plain_logs",
    "support.program",
    "support.queue_client",
    "support.servers",
    "support.stack",
    "support.switched",
]
