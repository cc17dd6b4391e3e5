"""Keeps one process running: starts it, and starts it again when it dies, with growing pauses."""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass

from darkroom_local.child import Child, outcome
from darkroom_local.console import Console
from darkroom_local.errors import ProcessFailed
from darkroom_local.servers.process import ProcessSpec


@dataclass(frozen=True)
class Backoff:
    """Pauses before a restart, in seconds; after a steady run they begin anew."""

    first_s: float = 0.5
    longest_s: float = 30.0
    steady_after_s: float = 60.0

    def pause_s(self, failures: int) -> float:
        """Return the pause after this many failures in a row (from 1)."""
        return min(self.longest_s, self.first_s * 2.0 ** min(failures - 1, 30))


@dataclass(frozen=True)
class Member:
    """A process of the stack. An essential one is not restarted: without it the stack has to stop."""

    spec: ProcessSpec
    essential: bool = False


class Keeper:
    """Runs one member. `changed` is called when its process id changed, `lost` when an essential one died."""

    def __init__(
        self,
        member: Member,
        console: Console,
        *,
        changed: Callable[[], None],
        lost: Callable[[str], None],
        backoff: Backoff,
    ) -> None:
        self.member = member
        self._console = console
        self._changed = changed
        self._lost = lost
        self._backoff = backoff
        self._child: Child | None = None
        self._watch: asyncio.Task[None] | None = None

    @property
    def name(self) -> str:
        return self.member.spec.name

    @property
    def pid(self) -> int | None:
        return self._child.pid if self._child else None

    async def start(self) -> None:
        """Start the process the first time; ProcessFailed if it doesn't become ready."""
        self._console.say(f"starting {self.name}")
        self._child = await Child.spawn(self.member.spec, self._console)
        await self._child.until_ready()
        self._console.say(f"{self.name} is ready (pid {self._child.pid})")
        self._watch = asyncio.create_task(self._keep(self._child))

    async def stop(self) -> None:
        """End the process, and the attempts to restart it."""
        if self._watch:
            self._watch.cancel()
            await asyncio.wait({self._watch})
        if self._child:
            await self._child.stop()
            self._console.say(f"{self.name} has stopped")

    def kill(self) -> None:
        """End the process at once."""
        if self._child:
            self._child.kill()

    async def _keep(self, child: Child) -> None:
        clock = asyncio.get_running_loop().time
        failures = 0
        while True:
            started = clock()
            end = outcome(await child.wait())
            if self.member.essential:
                self._lost(f"{self.name} {end}")
                return
            failures = 1 if clock() - started > self._backoff.steady_after_s else failures + 1
            pause_s = self._backoff.pause_s(failures)
            self._console.say(f"{self.name} {end}; starting it again in {pause_s:g} s")
            await asyncio.sleep(pause_s)
            self._child = child = await Child.spawn(self.member.spec, self._console)
            await self._until_back(child)

    async def _until_back(self, child: Child) -> None:
        try:
            await child.until_ready()
        except ProcessFailed as error:
            self._console.say(str(error))
            child.kill()
            return
        self._console.say(f"{self.name} is back (pid {child.pid})")
        self._changed()
