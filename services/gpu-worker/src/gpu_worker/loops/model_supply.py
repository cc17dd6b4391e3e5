"""Obtains the files of the models one after another, and hands each to the GPU process as it comes."""

import asyncio
import threading
import time
from collections.abc import Awaitable, Callable, Iterable
from contextlib import suppress

from darkroom_chassis.logs import get_logger

from gpu_worker.domain.failures import Failure
from gpu_worker.domain.model_states import ModelPhase, ModelState, ModelStates
from gpu_worker.metrics import MODEL_DOWNLOADED_BYTES, MODEL_READY, MODEL_TOTAL_BYTES
from gpu_worker.models.files import ModelFiles
from gpu_worker.models.transfer import Cancellation, Report, Transfer

log = get_logger(__name__)

_FIRST_PAUSE_S, _LONGEST_PAUSE_S = 30.0, 1800.0
_REPORT_EVERY_S, _LOG_EVERY_S = 0.2, 10.0

Obtain = Callable[[str, Report, Cancellation], ModelFiles | None]
"""Returns the files of a model, None for one that the GPU process builds; blocks. Raises a Failure or Cancelled."""
AddModel = Callable[[str, ModelFiles | None], Awaitable[str | None]]
"""Hands a model to the GPU process; returns why the process refuses it, None if it is ready."""
Sleep = Callable[[float], Awaitable[None]]


class ModelSupply:
    """Brings each model to READY. One that cannot be had is tried again after 30 s, doubling up to 30 minutes.

    `fetch` and `add` are its two loops: a download does not wait for the steps that the GPU process runs.
    """

    def __init__(
        self,
        names: Iterable[str],
        states: ModelStates,
        obtain: Obtain,
        add: AddModel,
        *,
        sleep: Sleep = asyncio.sleep,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._states, self._obtain, self._add = states, obtain, add
        self._sleep, self._clock = sleep, clock
        self._to_fetch: asyncio.Queue[str] = asyncio.Queue()
        self._to_add: asyncio.Queue[tuple[str, ModelFiles | None]] = asyncio.Queue()
        self._failures: dict[str, int] = {}
        self._retries: dict[str, asyncio.Task[None]] = {}
        for name in names:
            MODEL_READY.labels(name).set(0)
            self._to_fetch.put_nowait(name)

    async def fetch(self) -> None:
        """Obtain the files of one model after another; runs until cancelled, which ends a download."""
        try:
            while True:
                name = await self._to_fetch.get()
                self._states.set(name, ModelState(ModelPhase.DOWNLOADING))
                try:
                    files = await self._in_thread(name)
                except Failure as failure:
                    self.unavailable(name, failure.message)
                except Exception as error:
                    log.exception("The files of a model were not obtained for an unforeseen reason", model=name)
                    self.unavailable(name, type(error).__name__)
                else:
                    self._states.set(name, ModelState(ModelPhase.STARTING))
                    self._to_add.put_nowait((name, files))
        except asyncio.CancelledError:
            for task in self._retries.values():
                task.cancel()
            raise

    async def add(self) -> None:
        """Hand each model to the GPU process once its files are here; runs until cancelled."""
        while True:
            name, files = await self._to_add.get()
            refusal = await self._add(name, files)
            if refusal is not None:
                self.unavailable(name, refusal)
                continue
            self._failures.pop(name, None)
            MODEL_READY.labels(name).set(1)
            log.info("A model is ready", model=name)
            self._states.set(name, ModelState(ModelPhase.READY))

    def unavailable(self, name: str, reason: str) -> None:
        """Record that a model cannot be used, and try again after a pause."""
        if name in self._retries:
            return
        failures = self._failures[name] = self._failures.get(name, 0) + 1
        pause_s = min(_FIRST_PAUSE_S * 2 ** (failures - 1), _LONGEST_PAUSE_S)
        log.error("A model is not available; the worker serves the others", model=name, reason=reason, retry_s=pause_s)
        MODEL_READY.labels(name).set(0)
        self._states.set(name, ModelState(ModelPhase.UNAVAILABLE, reason))
        self._retries[name] = asyncio.create_task(self._again(name, pause_s))

    async def _again(self, name: str, pause_s: float) -> None:
        await self._sleep(pause_s)
        del self._retries[name]
        self._to_fetch.put_nowait(name)

    async def _in_thread(self, name: str) -> ModelFiles | None:
        """Obtain the files in a thread that does not keep a stopping process alive."""
        loop = asyncio.get_running_loop()
        outcome: asyncio.Future[ModelFiles | None] = loop.create_future()
        cancellation = Cancellation()
        report = _Reports(name, self._clock, lambda state: _post(loop, self._progressed, outcome, name, state))

        def work() -> None:
            try:
                files = self._obtain(name, report, cancellation)
            except Exception as error:  # noqa: BLE001 - `outcome` carries it to the loop
                _post(loop, _settle, outcome, None, error)
            else:
                _post(loop, _settle, outcome, files, None)

        threading.Thread(target=work, name=f"files of {name}", daemon=True).start()
        try:
            return await outcome
        finally:
            cancellation.cancel()

    def _progressed(self, outcome: "asyncio.Future[ModelFiles | None]", name: str, state: ModelState) -> None:
        if not outcome.done():
            self._states.set(name, state)


class _Reports:
    """Receives the progress of one model's download in its thread; passes on five states a second at most."""

    def __init__(self, name: str, clock: Callable[[], float], show: Callable[[ModelState], None]) -> None:
        self._name, self._clock, self._show = name, clock, show
        self._shown_at = -_REPORT_EVERY_S
        self._logged_at = clock()

    def __call__(self, transfer: Transfer) -> None:
        now, is_last = self._clock(), transfer.done == transfer.total
        if now - self._logged_at >= _LOG_EVERY_S:
            self._logged_at = now
            log.info(
                "A model is being downloaded",
                model=self._name,
                file=transfer.file,
                file_done_bytes=transfer.file_done,
                file_total_bytes=transfer.file_total,
                done_bytes=transfer.done,
                total_bytes=transfer.total,
            )
        if now - self._shown_at < _REPORT_EVERY_S and not is_last:
            return
        self._shown_at = now
        MODEL_DOWNLOADED_BYTES.labels(self._name).set(transfer.done)
        MODEL_TOTAL_BYTES.labels(self._name).set(transfer.total)
        self._show(ModelState(ModelPhase.DOWNLOADING, done_bytes=transfer.done, total_bytes=transfer.total))


def _post(loop: asyncio.AbstractEventLoop, call: Callable[..., None], *arguments: object) -> None:
    with suppress(RuntimeError):  # the loop has ended: nothing waits for the result
        loop.call_soon_threadsafe(call, *arguments)


def _settle(outcome: "asyncio.Future[ModelFiles | None]", files: ModelFiles | None, error: Exception | None) -> None:
    if outcome.done():
        return
    if error is None:
        outcome.set_result(files)
    else:
        outcome.set_exception(error)
