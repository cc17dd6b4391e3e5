"""Supervises one process of a stack: starts it, and restarts it with exponential backoff when it ends."""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass

from darkroom_local.child import Child, outcome
from darkroom_local.console import Console
from darkroom_local.errors import ProcessFailed, StackError
from darkroom_local.os_errors import describe_os_error
from darkroom_local.servers.process import ProcessSpec


@dataclass(frozen=True)
class Backoff:
    """Pauses before restarts, in seconds. A run of `steady_after_s` resets the pause and the count of restarts."""

    first_s: float = 0.5
    longest_s: float = 30.0
    steady_after_s: float = 60.0
    essential_restarts: int = 5
    """Restarts in a row of an essential member before the stack stops."""

    def pause_s(self, failures: int) -> float:
        """Return the pause in seconds after so many failures in a row, from 1."""
        return min(self.longest_s, self.first_s * 2.0 ** min(failures - 1, 30))


@dataclass(frozen=True)
class Member:
    """A process of the stack. The stack stops when an essential member can't be restarted.

    `recover` runs in a thread before each restart, to clean up after a crash.
    """

    spec: ProcessSpec
    essential: bool = False
    recover: Callable[[], None] | None = None


class MemberSupervisor:
    """Runs one member. Calls `changed` when its process id changes, and `lost` when an essential member is given up."""

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
        self.pid: int | None = None
        """Id of the last process that became ready."""
        self._watch: asyncio.Task[None] | None = None

    @property
    def name(self) -> str:
        return self.member.spec.name

    async def start(self) -> None:
        """Start the process for the first time; raises ProcessFailed if it doesn't become ready."""
        self._console.say(f"starting {self.name}")
        self._child = child = await Child.spawn(self.member.spec, self._console)
        await child.until_ready()
        self.pid = child.pid
        self._console.say(f"{self.name} is ready (pid {child.pid})")
        self._watch = asyncio.create_task(self._keep(child))

    async def stop(self) -> None:
        """Stop the process, and don't restart it."""
        if self._watch:
            self._watch.cancel()
            await asyncio.wait({self._watch})
        if self._child:
            await self._child.stop()
            self._console.say(f"{self.name} has stopped")

    def kill(self) -> None:
        """Kill the process."""
        if self._child:
            self._child.kill()

    async def _keep(self, child: Child) -> None:
        clock = asyncio.get_running_loop().time
        failures, ready_at = 0, clock()
        end = await self._end_of(child)
        while True:
            failures = 1 if clock() - ready_at > self._backoff.steady_after_s else failures + 1
            if self.member.essential and failures > self._backoff.essential_restarts:
                self._lost(f"{end}, and {failures - 1} restarts did not keep it running")
                return
            pause_s = self._backoff.pause_s(failures)
            self._console.say(f"{end}; restarting it in {pause_s:g} s")
            await asyncio.sleep(pause_s)
            try:
                child = await self._relaunch()
            except (StackError, OSError) as error:
                reason = describe_os_error(error) if isinstance(error, OSError) else str(error)
                end, ready_at = reason.rstrip("."), clock()
                continue
            self.pid, ready_at = child.pid, clock()
            self._console.say(f"{self.name} is back (pid {child.pid})")
            self._changed()
            end = await self._end_of(child)

    async def _relaunch(self) -> Child:
        if self.member.recover:
            await asyncio.to_thread(self.member.recover)
        self._child = child = await Child.spawn(self.member.spec, self._console)
        try:
            await child.until_ready()
        except ProcessFailed:
            await child.stop()
            raise
        return child

    async def _end_of(self, child: Child) -> str:
        return f"{self.name} {outcome(await child.wait())}"
