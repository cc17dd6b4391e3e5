"""The committed dashboards are what deploy/observability/grafana/dashboards.py says."""

import runpy
from pathlib import Path

from contract.repository import ROOT

SCRIPT = ROOT / "deploy" / "observability" / "grafana" / "dashboards.py"


def test_dashboards_are_current() -> None:
    current: dict[Path, str] = runpy.run_path(str(SCRIPT))["generate"]()
    committed = {path: path.read_text() for path in (SCRIPT.parent / "dashboards").glob("*.json")}
    assert committed == current, "run `make metrics-page` and commit what changed"
