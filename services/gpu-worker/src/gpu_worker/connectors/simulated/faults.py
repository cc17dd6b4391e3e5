"""The faults of simulated work."""

import asyncio
import os
import signal
import time

from darkroom_schemas.errors import StepErrorCode
from darkroom_schemas.remote_payloads import SimulatedFault, SimulationPayload

from gpu_worker.domain.failures import Failure, Stopped
from gpu_worker.domain.ports import StepRun

SLOWDOWN = 10.0
FAULTS_SETTING = "GPU_WORKER_SIMULATED_FAULTS"


def fault_of(payload: SimulationPayload, attempt: int, *, allowed: bool) -> SimulatedFault | None:
    """Return the fault of an attempt; raises an INVALID_PAYLOAD Failure if faults are not allowed on this worker."""
    if payload.fault is not None and not allowed:
        sentence = f"fault: this worker simulates no faults; its operator can set {FAULTS_SETTING}=true"
        raise Failure(StepErrorCode.INVALID_PAYLOAD, sentence)
    return payload.fault if attempt <= payload.fault_attempts else None


async def raise_fault(fault: SimulatedFault, payload: SimulationPayload, run: StepRun) -> None:
    """Let a fault happen in the middle of the work. Returns for those that show later or only take time."""
    match fault:
        case SimulatedFault.CRASH:
            os.kill(os.getpid(), signal.SIGKILL)
        case SimulatedFault.HANG:
            await run.stop.wait()
            raise Stopped
        case SimulatedFault.DEAF:
            await asyncio.Event().wait()
        case SimulatedFault.OUT_OF_MEMORY:
            text = "Memory ran out during: simulate, as the payload requested"
            raise Failure(StepErrorCode.OUT_OF_MEMORY, text, retryable=True)
        case SimulatedFault.STORAGE:
            text = "The object store refused an output, as the payload requested"
            raise Failure(StepErrorCode.STORAGE, text, retryable=True)
        case SimulatedFault.LOST_HEARTBEAT:
            time.sleep(payload.fault_s)  # noqa: ASYNC251 - the whole process stands still on purpose
        case SimulatedFault.SLOW | SimulatedFault.CORRUPT_OUTPUT:
            return
