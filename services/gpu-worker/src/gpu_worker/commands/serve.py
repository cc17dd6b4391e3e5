"""`python -m gpu_worker`: the service process."""

from darkroom_chassis.logs import configure_logging
from darkroom_chassis.service import run, serve
from darkroom_chassis.tracing import configure_tracing

from gpu_worker import VERSION
from gpu_worker.app import build_app
from gpu_worker.backends.backend_list import BackendList, BackendListError, read_backends
from gpu_worker.models.profile_loader import RegistryError
from gpu_worker.settings import WorkerSettings
from gpu_worker.wiring.profiles import read_profile


def main() -> None:
    """Read the settings and serve until SIGTERM; exits with a message if settings, profile or back ends are invalid."""
    settings = WorkerSettings.load()
    configure_logging("gpu-worker", level=settings.log_level, log_format=settings.log_format)
    configure_tracing("gpu-worker", VERSION, settings)
    try:
        profile = read_profile(settings)
        listed = read_backends(settings.backends_file, settings.backends)
        _require_work(settings, listed)
    except (RegistryError, BackendListError) as error:
        raise SystemExit(str(error)) from None
    run(lambda: serve(build_app(settings, profile, listed), settings.host, settings.port, settings))


def _require_work(settings: WorkerSettings, listed: BackendList) -> None:
    """Raise BackendListError for a worker that could take no step."""
    if not settings.connectors and not listed.backends:
        raise BackendListError("GPU_WORKER_CONNECTORS is none and there are no back ends: there is nothing to serve")
