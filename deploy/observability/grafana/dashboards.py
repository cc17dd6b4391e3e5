"""The Grafana dashboards as code. `make metrics-page` writes them to dashboards/*.json.

A panel is its title, the unit of its values, and its queries by their legend. Two panels stand beside each other.
"""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

FOLDER = Path(__file__).parent / "dashboards"
Panel = tuple[str, str, Mapping[str, str]]
HTTP = "darkroom_http_request_seconds"
STREAMS = 'route!~".*(stream|events|content|thumbnail|images).*"'


def rate(metric: str, by: str, selector: str = "") -> str:
    """Return the query of the rate of a counter by labels."""
    return f"sum by ({by}) (rate({metric}{{{selector}}}[5m]))" if selector else f"sum by ({by}) (rate({metric}[5m]))"


def quantile(share: float, metric: str, by: str, selector: str = "") -> str:
    """Return the query of a quantile of a histogram by labels."""
    return f"histogram_quantile({share}, {rate(f'{metric}_bucket', f'{by}, le', selector)})"


DASHBOARDS: Mapping[str, tuple[str, tuple[Panel, ...]]] = {
    "overview": (
        "Overview",
        (
            ("Services that answer", "none", {"{{job}}": "sum by (job) (up)"}),
            ("Versions", "none", {"{{service}} {{version}}": "count by (service, version) (darkroom_build_info)"}),
            ("Jobs accepted", "ops", {"{{job_type}}": rate("darkroom_jobs_accepted_total", "job_type")}),
            ("Jobs ended", "ops", {"{{status}}": rate("darkroom_jobs_ended_total", "status")}),
            (
                "Time from order to end, half and 95 % of jobs", "s",
                {
                    "{{job_type}} 50 %": quantile(0.5, "darkroom_job_seconds", "job_type"),
                    "{{job_type}} 95 %": quantile(0.95, "darkroom_job_seconds", "job_type"),
                },
            ),
            ("Active jobs", "none", {"{{status}}": "max by (status) (darkroom_jobs_active)"}),
            ("Credits in reserve", "none", {"credits": "max(darkroom_credits_reserved)"}),
            ("Alerts that fire", "none", {"{{alertname}}": 'sum by (alertname) (ALERTS{alertstate="firing"})'}),
        ),
    ),
    "queue": (
        "Queue",
        (
            ("Waiting steps", "none", {"{{type}}": "max by (type) (darkroom_queue_waiting_steps)"}),
            ("Age of the oldest waiting step", "s", {"{{type}}": "max by (type) (darkroom_queue_oldest_wait_seconds)"}),
            (
                "Work, in worker seconds", "s",
                {
                    "{{type}}": "max by (type) (darkroom_queue_work_seconds)",
                    "{{type}} at most": "max by (type) (darkroom_queue_work_upper_seconds)",
                },
            ),
            ("Running steps", "none", {"{{type}}": "max by (type) (darkroom_queue_running_steps)"}),
            (
                "Delayed steps, dead letters, paused types", "none",
                {
                    "delayed": "max(darkroom_queue_delayed_steps)",
                    "dead letters": "max(darkroom_queue_dead_letters)",
                    "paused types": "max(darkroom_queue_paused_types)",
                },
            ),
            ("Leases", "none", {"held": "max(darkroom_queue_leases)", "overdue": "max(darkroom_queue_overdue_leases)"}),
            ("Starts compared with the estimate", "ops", {"{{verdict}}": rate("darkroom_eta_starts_total", "verdict")}),
            ("Lag of the log's readers", "s", {"{{reader}}": "max by (reader) (darkroom_queue_log_lag_seconds)"}),
            (
                "Memory of Redis", "bytes",
                {"used": "max(darkroom_redis_memory_bytes)", "limit": "max(darkroom_redis_memory_limit_bytes)"},
            ),
            ("Entries of the event log", "none", {"entries": "max(darkroom_queue_log_entries)"}),
        ),
    ),
    "workers": (
        "Workers and GPUs",
        (
            ("Workers", "none", {"{{state}}": "max by (state) (darkroom_queue_workers)"}),
            ("Attempts by outcome", "ops", {"{{outcome}}": rate("darkroom_worker_steps_total", "outcome")}),
            (
                "Time of an attempt, half and 95 %", "s",
                {
                    "{{type}} 50 %": quantile(0.5, "darkroom_worker_step_seconds", "type"),
                    "{{type}} 95 %": quantile(0.95, "darkroom_worker_step_seconds", "type"),
                },
            ),
            (
                "Seconds a second in each stage", "none",
                {"{{type}} {{stage}}": rate("darkroom_worker_stage_seconds_sum", "type, stage")},
            ),
            ("Device memory", "bytes", {"{{instance}}": "darkroom_worker_memory_bytes"}),
            ("Models in memory", "none", {"{{instance}}": "darkroom_worker_models_resident"}),
            ("Model loads", "none", {"{{model}}": "sum by (model) (increase(darkroom_worker_model_loads_total[1h]))"}),
            ("Workers that take no steps", "none", {"{{instance}} {{reason}}": "darkroom_worker_claims_held"}),
            ("GPU processes lost an hour", "none", {"{{instance}}": "increase(darkroom_worker_child_lost_total[1h])"}),
            ("Back ends that answer", "none", {"{{backend}}": "sum by (backend) (darkroom_worker_backend_up)"}),
            ("Bytes stored", "Bps", {"{{instance}}": rate("darkroom_worker_uploaded_bytes_total", "instance")}),
            ("Uploads refused", "ops", {"{{instance}}": rate("darkroom_worker_uploads_refused_total", "instance")}),
        ),
    ),
    "api": (
        "APIs",
        (
            ("Requests", "reqps", {"{{job}}": rate(f"{HTTP}_count", "job")}),
            ("Server errors", "reqps", {"{{job}} {{status}}": rate(f"{HTTP}_count", "job, status", 'status=~"5.."')}),
            ("Client errors", "reqps", {"{{job}} {{status}}": rate(f"{HTTP}_count", "job, status", 'status=~"4.."')}),
            (
                "Time of a request, half and 99 %, without streams and files", "s",
                {
                    "{{job}} 50 %": quantile(0.5, HTTP, "job", STREAMS),
                    "{{job}} 99 %": quantile(0.99, HTTP, "job", STREAMS),
                },
            ),
            ("Slowest routes, 95 %", "s", {"{{route}}": f"topk(10, {quantile(0.95, HTTP, 'route', STREAMS)})"}),
            ("Refused before the application", "reqps", {"{{reason}}": rate("darkroom_http_refused_total", "reason")}),
            ("Open event streams", "none", {"{{instance}}": "darkroom_sse_streams"}),
            ("Outbox", "none", {"rows": "max(darkroom_outbox_rows)", "aside": "max(darkroom_outbox_rejected_rows)"}),
            ("Age of the oldest outbox row", "s", {"age": "max(darkroom_outbox_age_seconds)"}),
            ("Loops restarted", "ops", {"{{loop}}": rate("darkroom_loop_restarts_total", "loop")}),
        ),
    ),
    "webhooks": (
        "Webhooks",
        (
            ("Deliveries created", "ops", {"deliveries": "sum(rate(darkroom_webhook_deliveries_total[5m]))"}),
            ("Attempts by outcome", "ops", {"{{outcome}}": rate("darkroom_webhook_attempts_total", "outcome")}),
            (
                "Time of an attempt, half and 95 %", "s",
                {
                    "50 %": "histogram_quantile(0.5, sum by (le) (rate(darkroom_webhook_attempt_seconds_bucket[5m])))",
                    "95 %": "histogram_quantile(0.95, sum by (le) (rate(darkroom_webhook_attempt_seconds_bucket[5m])))",
                },
            ),
            ("How late the latest due endpoint is", "s", {"late": "max(darkroom_webhook_backlog_seconds)"}),
            ("Pending deliveries", "none", {"pending": "max(darkroom_webhook_pending_deliveries)"}),
            (
                "Endpoints", "none",
                {
                    "circuit breaker open": "max(darkroom_webhook_paused_endpoints)",
                    "disabled": "max(darkroom_webhook_disabled_endpoints)",
                },
            ),
        ),
    ),
}  # fmt: skip


def dashboard(name: str) -> dict[str, Any]:
    """Return a dashboard in Grafana's form."""
    title, panels = DASHBOARDS[name]
    return {
        "uid": f"darkroom-{name}",
        "title": f"Darkroom: {title}",
        "tags": ["darkroom"],
        "schemaVersion": 41,
        "editable": False,
        "refresh": "30s",
        "time": {"from": "now-6h", "to": "now"},
        "panels": [_panel(number, panel) for number, panel in enumerate(panels)],
    }


def _panel(number: int, panel: Panel) -> dict[str, Any]:
    title, unit, queries = panel
    source = {"type": "prometheus", "uid": "prometheus"}
    return {
        "id": number + 1,
        "type": "timeseries",
        "title": title,
        "datasource": source,
        "gridPos": {"x": 12 * (number % 2), "y": 8 * (number // 2), "w": 12, "h": 8},
        "fieldConfig": {"defaults": {"unit": unit, "min": 0}, "overrides": []},
        "options": {"legend": {"displayMode": "list", "placement": "bottom"}, "tooltip": {"mode": "multi"}},
        "targets": [
            {"refId": chr(ord("A") + place), "datasource": source, "expr": query, "legendFormat": legend}
            for place, (legend, query) in enumerate(queries.items())
        ],
    }


def generate() -> dict[Path, str]:
    """Return the content of every file by its path."""
    return {FOLDER / f"{name}.json": json.dumps(dashboard(name), indent=1) + "\n" for name in DASHBOARDS}


if __name__ == "__main__":
    for path, text in generate().items():
        path.write_text(text)
