"""docs/metrics.md is what the code registers, and dashboards and alerts name nothing else."""

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml
from support.metrics_page import PAGE, all_metrics, generate

from contract.repository import ROOT

OBSERVABILITY = ROOT / "deploy" / "observability"
SERIES = frozenset(name for metric in all_metrics() for name in metric.series)
LABELS = {name: metric.labels for metric in all_metrics() for name in metric.series}
NAME = re.compile(r"\b(darkroom_[a-z0-9_]+)(?:\{([^}]*)\})?")
LABEL = re.compile(r"([a-z_]+)\s*[=!]~?")
ADDED_BY_PROMETHEUS = {"job", "instance", "le"}
DASHBOARDS = sorted(OBSERVABILITY.glob("grafana/dashboards/*.json"))
RULES: list[dict[str, Any]] = [
    rule for group in yaml.safe_load((OBSERVABILITY / "alerts.yml").read_text())["groups"] for rule in group["rules"]
]
ALERTS = [rule for rule in RULES if "alert" in rule]
RECORDED = {rule["record"] for rule in RULES if "record" in rule}


def expressions(dashboard: Path) -> Iterator[str]:
    """Yield the queries of a dashboard."""
    for panel in json.loads(dashboard.read_text())["panels"]:
        for target in panel.get("targets", ()):
            yield target["expr"]


def unknown_parts(expression: str) -> list[str]:
    """Return the metrics and labels of a query that no service registers."""
    found = []
    for name, selector in NAME.findall(expression):
        if name not in SERIES | RECORDED:
            found.append(name)
            continue
        labels = {*LABELS.get(name, ()), *ADDED_BY_PROMETHEUS}
        found += [f"{name}{{{label}}}" for label in LABEL.findall(selector) if label not in labels]
    return found


def test_the_page_is_current() -> None:
    assert PAGE.read_text() == generate(), "run `make metrics-page` and commit what changed"


def test_no_two_services_register_the_same_name() -> None:
    names = [metric.name for metric in all_metrics()]
    assert len(names) == len(set(names))


@pytest.mark.parametrize("dashboard", DASHBOARDS, ids=lambda path: path.stem)
def test_every_query_of_a_dashboard_names_metrics_that_exist(dashboard: Path) -> None:
    queries = list(expressions(dashboard))
    assert queries
    assert {query: unknown_parts(query) for query in queries if unknown_parts(query)} == {}


def test_every_alert_names_metrics_that_exist() -> None:
    assert {rule["expr"]: unknown_parts(rule["expr"]) for rule in RULES if unknown_parts(rule["expr"])} == {}


def test_an_unknown_metric_and_an_unknown_label_are_found() -> None:
    query = 'sum(darkroom_queue_waiting_steps{kind="x"}) + darkroom_nothing_total'
    assert unknown_parts(query) == ["darkroom_queue_waiting_steps{kind}", "darkroom_nothing_total"]


@pytest.mark.parametrize("alert", ALERTS, ids=lambda rule: rule["alert"])
def test_every_alert_links_to_its_entry_of_the_runbook(alert: dict[str, Any]) -> None:
    runbook = (ROOT / "docs" / "runbook.md").read_text()
    assert alert["annotations"]["runbook"] == f"docs/runbook.md#{alert['alert'].lower()}"
    assert f"\n## {alert['alert']}\n" in runbook
    assert alert["labels"]["severity"] in {"page", "ticket"}


def test_every_entry_of_the_runbook_belongs_to_an_alert() -> None:
    entries = re.findall(r"^## (\w+)$", (ROOT / "docs" / "runbook.md").read_text(), re.MULTILINE)
    assert sorted(entries) == sorted(rule["alert"] for rule in ALERTS)


def test_every_alert_is_tried() -> None:
    tried = yaml.safe_load((OBSERVABILITY / "alerts.test.yml").read_text())
    names = {case["alertname"] for test in tried["tests"] for case in test.get("alert_rule_test", ())}
    assert names == {rule["alert"] for rule in ALERTS}
