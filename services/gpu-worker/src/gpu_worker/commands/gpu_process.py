"""`python -m gpu_worker.commands.gpu_process <socket fd> <parent pid>`: the GPU process. Only the worker starts it."""

import socket
import sys

from darkroom_chassis.logs import configure_logging, get_logger
from darkroom_chassis.settings import ServiceSettings

from gpu_worker.domain.failures import Failure
from gpu_worker.runtime.child_loop import ChildLoop
from gpu_worker.runtime.device import NoDevice
from gpu_worker.runtime.parent_death import die_with_parent
from gpu_worker.runtime.quiet_libraries import silence_model_libraries
from gpu_worker.wiring.gpu_process import make_executor

log = get_logger("gpu_worker.commands.gpu_process")


def main() -> None:
    """Serve the parent on the socket that it opened for this process; exits with 1 if the process can't start."""
    descriptor, parent_pid = map(int, sys.argv[1:3])
    die_with_parent(parent_pid)
    settings = ServiceSettings.load()  # the log's; all else comes in the setup message
    configure_logging("gpu-worker", level=settings.log_level, log_format=settings.log_format)
    silence_model_libraries()
    try:
        ChildLoop(socket.socket(fileno=descriptor), make_executor).serve()
    except (Failure, NoDevice) as problem:
        log.error("The GPU process cannot start", reason=str(problem))
        raise SystemExit(1) from None


if __name__ == "__main__":
    main()
