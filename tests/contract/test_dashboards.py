"""The committed dashboards and alerts for Kubernetes are those that deploy/observability makes."""

import runpy
from pathlib import Path

from contract.repository import ROOT

SCRIPT = ROOT / "deploy" / "observability" / "grafana" / "dashboards.py"
ALERTS = ROOT / "deploy" / "observability" / "prometheus_rule.py"


def test_dashboards_are_current() -> None:
    current: dict[Path, str] = runpy.run_path(str(SCRIPT))["generate"]()
    committed = {path: path.read_text() for path in (SCRIPT.parent / "dashboards").glob("*.json")}
    assert committed == current, "run `make metrics-page` and commit what changed"


def test_the_alerts_for_kubernetes_are_current() -> None:
    made = runpy.run_path(str(ALERTS))
    assert made["MANIFEST"].read_text() == made["manifest"](), "run `make metrics-page` and commit what changed"
