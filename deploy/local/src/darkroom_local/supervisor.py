"""Starts the stages of a stack in order, supervises their members, and stops them in reverse order."""

import asyncio
import signal
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from typing import TypeVar

from darkroom_local.console import Console
from darkroom_local.errors import StackError
from darkroom_local.member_supervisor import Backoff, Member, MemberSupervisor
from darkroom_local.os_errors import describe_os_error

E = TypeVar("E", bound=BaseException)
Pids = dict[str, int]
STOP_SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


@dataclass(frozen=True)
class Stage:
    """Members that start concurrently; the steps in `then` run in order when all members are ready.

    Later stages don't wait for the members of a `background` stage; the stack is ready when these are ready, too.
    """

    members: Sequence[Member] = ()
    then: Sequence[Callable[[], Awaitable[None]]] = ()
    background: bool = False


class Supervisor:
    """Runs stages until a signal, or until an essential member can't be restarted.

    `announce` is called with the process ids when all stages are ready, and whenever an id changes.
    """

    def __init__(self, console: Console, announce: Callable[[Pids], None], *, backoff: Backoff | None = None) -> None:
        self._console = console
        self._announce = announce
        self._backoff = backoff or Backoff()
        self._stages: list[list[MemberSupervisor]] = []
        self._stop = asyncio.Event()
        self._failure: str | None = None
        self._ready = False

    async def run(self, stages: Sequence[Stage]) -> int:
        """Run the stages; returns the exit code, 0 after a requested stop and 1 after a failure."""
        loop = asyncio.get_running_loop()
        for number in STOP_SIGNALS:
            loop.add_signal_handler(number, self._on_signal)
        starting = asyncio.create_task(self._start(stages))
        stopping = asyncio.create_task(self._stop.wait())
        try:
            await asyncio.wait({starting, stopping}, return_when=asyncio.FIRST_COMPLETED)
            starting.cancel()
            await stopping
            self._console.say(f"stopping: {self._failure}" if self._failure else "stopping (Ctrl-C again kills)")
            await asyncio.gather(starting, return_exceptions=True)
            for supervisors in reversed(self._stages):
                await asyncio.gather(*(supervisor.stop() for supervisor in supervisors))
        finally:
            for number in STOP_SIGNALS:
                loop.remove_signal_handler(number)
        self._console.say(f"everything has stopped: {self._failure}" if self._failure else "everything has stopped")
        if not starting.cancelled() and (error := starting.exception()):
            raise error
        return 1 if self._failure else 0

    async def _start(self, stages: Sequence[Stage]) -> None:
        try:
            async with asyncio.TaskGroup() as background:
                for stage in stages:
                    supervisors = [self._supervisor_of(member) for member in stage.members]
                    self._stages.append(supervisors)
                    async with asyncio.TaskGroup() as foreground:
                        for supervisor in supervisors:
                            (background if stage.background else foreground).create_task(supervisor.start())
                    for step in stage.then:
                        await step()
        except* StackError as failures:
            self._fail(str(_first(failures)).rstrip("."))
        except* OSError as failures:
            self._fail(describe_os_error(_first(failures)).rstrip("."))
        except* Exception as failures:
            self._fail(repr(_first(failures)))
            raise
        else:
            self._ready = True
            self._changed()

    def _supervisor_of(self, member: Member) -> MemberSupervisor:
        return MemberSupervisor(member, self._console, changed=self._changed, lost=self._fail, backoff=self._backoff)

    def _changed(self) -> None:
        if self._ready:
            self._announce(
                {
                    supervisor.name: supervisor.pid
                    for supervisors in self._stages
                    for supervisor in supervisors
                    if supervisor.pid
                }
            )

    def _fail(self, reason: str) -> None:
        self._failure = self._failure or reason
        self._stop.set()

    def _on_signal(self) -> None:
        if self._stop.is_set():
            for supervisors in self._stages:
                for supervisor in supervisors:
                    supervisor.kill()
        self._stop.set()


def _first(errors: BaseExceptionGroup[E]) -> E:
    """Return the first error of nested groups."""
    error: E | BaseExceptionGroup[E] = errors
    while isinstance(error, BaseExceptionGroup):
        error = error.exceptions[0]
    return error
