"""A supervisor over two miniature services, one stage each, that prints their process ids when it is ready.

Usage: supervised.py PORT PORT
"""

import asyncio
import sys
from pathlib import Path

from darkroom_local.console import Console
from darkroom_local.member_supervisor import Member
from darkroom_local.servers.process import ProcessSpec
from darkroom_local.servers.readiness import http_ready
from darkroom_local.supervisor import Pids, Stage, Supervisor

SERVICE = str(Path(__file__).with_name("service.py"))


def announce(pids: Pids) -> None:
    print("PIDS", *pids.values(), flush=True)


def stage(port: int) -> Stage:
    spec = ProcessSpec(name=f"on-{port}", argv=(sys.executable, SERVICE, str(port)), ready=http_ready(port))
    return Stage([Member(spec)])


sys.exit(asyncio.run(Supervisor(Console(), announce).run([stage(int(port)) for port in sys.argv[1:]])))
