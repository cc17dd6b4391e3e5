"""Loads the fixtures that every member's tests share, and lets Ctrl-C reach the programs that tests start."""

import signal

# A shell starts background commands with SIGINT ignored, and programs inherit that.
if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
    signal.signal(signal.SIGINT, signal.default_int_handler)

pytest_plugins = [
    "support.parallel",
    "support.plain_logs",
    "support.program",
    "support.queue_client",
    "support.servers",
    "support.stack",
    "support.browser",
    "support.switched",
]
