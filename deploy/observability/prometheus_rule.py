"""The alerts for the Prometheus operator: `make metrics-page` writes them from alerts.yml."""

from pathlib import Path

import yaml

RULES = Path(__file__).with_name("alerts.yml")
MANIFEST = Path(__file__).parents[1] / "kubernetes" / "components" / "monitoring" / "alerts.yaml"
HEAD = "# Written by `make metrics-page` from deploy/observability/alerts.yml.\n"


def manifest() -> str:
    """Return the PrometheusRule with all alerts."""
    rule = {
        "apiVersion": "monitoring.coreos.com/v1",
        "kind": "PrometheusRule",
        "metadata": {"name": "darkroom"},
        "spec": yaml.safe_load(RULES.read_text()),
    }
    return HEAD + yaml.safe_dump(rule, sort_keys=False, width=120)


if __name__ == "__main__":
    MANIFEST.write_text(manifest())
