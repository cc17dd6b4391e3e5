"""Load from `wrk`, whose own cost is small against what it asks for."""

import re
import subprocess
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

BODY = '{"jobType":"sdxl_image_fast","metadata":{"prompt":"a lighthouse at dawn, long exposure, film grain"}}'
_UNITS = {"us": 1e-3, "ms": 1.0, "s": 1e3, "m": 6e4}


@dataclass(frozen=True, slots=True)
class Load:
    """Requests a second, and milliseconds to the answer."""

    rate: float
    p50_ms: float
    p99_ms: float


def post(url: str, clients: int, seconds: int, tokens: Sequence[str] = ()) -> Load:
    """POST the body with that many clients; with `tokens` in turn, and an Idempotency-Key for each request."""
    lines = [f'wrk.method = "POST"\nwrk.body = [[{BODY}]]', 'wrk.headers["Content-Type"] = "application/json"']
    if tokens:
        quoted = ", ".join(f'"Bearer {token}"' for token in tokens)
        lines.append(
            "local n, run = 0, tostring(os.time()) .. '-' .. tostring(math.random(1e9)) .. tostring({}):sub(8)\n"
            f"local tokens = {{{quoted}}}\n"
            "function request()\n  n = n + 1\n"
            "  wrk.headers['Authorization'] = tokens[n % #tokens + 1]\n"
            "  wrk.headers['Idempotency-Key'] = run .. n\n  return wrk.format()\nend"
        )
    return _run(url, clients, seconds, "\n".join(lines))


def get(url: str, clients: int, seconds: int, headers: dict[str, str]) -> Load:
    """GET with that many clients."""
    return _run(url, clients, seconds, "\n".join(f'wrk.headers["{n}"] = "{v}"' for n, v in headers.items()))


def _run(url: str, clients: int, seconds: int, script: str) -> Load:
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "load.lua"
        file.write_text(script)
        said = subprocess.run(
            ["wrk", "-t1", f"-c{clients}", f"-d{seconds}s", "--latency", "--timeout", "30s", "-s", str(file), url],
            check=True, capture_output=True, text=True,
        ).stdout  # fmt: skip
    if refused := re.search(r"Non-2xx or 3xx responses: (\d+)", said):
        raise RuntimeError(f"{url} refused {refused[1]} requests:\n{said}")
    return Load(float(_find(r"Requests/sec:\s+([\d.]+)", said)[1]), _latency(said, "50%"), _latency(said, "99%"))


def _latency(said: str, share: str) -> float:
    found = _find(rf"{share}\s+([\d.]+)(us|ms|s|m)\b", said)
    return float(found[1]) * _UNITS[found[2]]


def _find(pattern: str, said: str) -> re.Match[str]:
    found = re.search(pattern, said)
    if found is None:
        raise RuntimeError(f"wrk said nothing like {pattern!r}:\n{said}")
    return found
