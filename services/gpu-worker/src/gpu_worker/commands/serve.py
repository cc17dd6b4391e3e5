"""`python -m gpu_worker`: the service process."""

from darkroom_chassis.logs import configure_logging
from darkroom_chassis.service import run, serve

from gpu_worker.app import build_app
from gpu_worker.models.profile_loader import RegistryError
from gpu_worker.settings import WorkerSettings
from gpu_worker.wiring.service import read_profile


def main() -> None:
    """Read the settings and serve until SIGTERM; exits with a message if settings or profile are not usable."""
    settings = WorkerSettings.load()
    configure_logging("gpu-worker", level=settings.log_level, log_format=settings.log_format)
    try:
        profile = read_profile(settings)
    except RegistryError as error:
        raise SystemExit(str(error)) from None
    run(lambda: serve(build_app(settings, profile), settings.host, settings.port, settings))
