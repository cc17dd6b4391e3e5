"""Checks before a stack starts whether the workers of a profile can run on this machine."""

from gpu_worker.commands.report import print_report
from gpu_worker.models.profile_loader import RegistryError
from gpu_worker.wiring.check import make_report

from darkroom_local.errors import StackError


def runs_here(profile: str) -> bool:
    """Return whether a worker of the profile can run here; if not, print the report of `darkroom worker check`."""
    try:
        report = make_report(profile, None)
    except RegistryError as error:
        raise StackError(str(error)) from None
    if not report.runs:
        print_report(report)
    return report.runs
