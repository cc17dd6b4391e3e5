"""A real HTTP service on a real port that answers what a test has written down, and remembers what it was asked."""

import json
import threading
from collections import defaultdict, deque
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any


@dataclass(frozen=True)
class Answer:
    """What to answer; with `cut`, the connection breaks before the promised length."""

    status: int = 200
    body: bytes = b""
    content_type: str = "application/json"
    cut: bool = False
    headers: dict[str, str] = field(default_factory=dict)

    @classmethod
    def json(cls, body: Any, status: int = 200, **headers: str) -> "Answer":
        return cls(status, json.dumps(body).encode(), headers={k.replace("_", "-"): v for k, v in headers.items()})

    @classmethod
    def events(cls, *frames: str, cut: bool = False) -> "Answer":
        return cls(200, "".join(f"{frame}\n\n" for frame in frames).encode(), "text/event-stream", cut)


@dataclass
class Asked:
    """A request as it came."""

    method: str
    path: str
    headers: dict[str, str]
    body: bytes


@dataclass
class ScriptedService:
    """Answers each path with its answers in order; the last one stays."""

    url: str = ""
    asked: list[Asked] = field(default_factory=list)
    _answers: dict[str, deque[Answer]] = field(default_factory=lambda: defaultdict(deque))

    def on(self, path: str, *answers: Answer) -> None:
        self._answers[path].extend(answers)

    def take(self, path: str) -> Answer:
        answers = self._answers[path.partition("?")[0]]
        return answers.popleft() if len(answers) > 1 else answers[0]


@contextmanager
def scripted_service() -> Iterator[ScriptedService]:
    service = ScriptedService()

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            length = int(self.headers.get("Content-Length", 0))
            headers = {name.lower(): value for name, value in self.headers.items()}
            service.asked.append(Asked(self.command, self.path, headers, self.rfile.read(length)))
            answer = service.take(self.path)
            self.send_response(answer.status)
            self.send_header("Content-Type", answer.content_type)
            for name, value in answer.headers.items():
                self.send_header(name, value)
            if answer.status != 204:
                self.send_header("Content-Length", str(len(answer.body) + answer.cut))
            self.end_headers()
            self.wfile.write(answer.body)

        do_POST = do_PUT = do_DELETE = do_GET

        def log_message(self, format: str, *args: Any) -> None:
            """Keep the test's output clean."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    service.url = f"http://127.0.0.1:{server.server_port}"
    thread = threading.Thread(target=server.serve_forever, args=(0.01,))
    thread.start()
    try:
        yield service
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
