"""A server that speaks what downloads need of the Hugging Face hub: revisions, file trees and files with ranges."""

import hashlib
import json
import re
import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

_PIECE = 16 * 1024
_API = re.compile(r"/api/models/(?P<repo>[^/]+/[^/]+)/(?P<what>revision|tree)/(?P<revision>[^/?]+)")
_FILE = re.compile(r"/(?P<repo>[^/]+/[^/]+)/resolve/(?P<revision>[^/]+)/(?P<path>.+)")


@dataclass
class Hub:
    """Repositories by name, and the faults that the server is to show."""

    url: str = ""
    repos: dict[str, dict[str, bytes]] = field(default_factory=dict)
    commit: str = "c" * 40
    requests: list[tuple[str, str | None]] = field(default_factory=list)
    """Path and range of each request for a file."""
    break_after: int | None = None
    """Close the connection once after so many bytes of a file."""
    hold_after: int | None = None
    """Send so many bytes of each file, then wait for `go_on`."""
    holding: threading.Event = field(default_factory=threading.Event)
    go_on: threading.Event = field(default_factory=threading.Event)
    ignores_ranges: bool = False
    corrupts: bool = False
    digest: str | None = None
    """Listed for every file in place of its own."""
    status: int = 200
    """Of every answer, if it is not 200."""

    def ranges(self, path: str) -> list[str | None]:
        """Return the ranges that were asked for of a file."""
        return [range_ for asked, range_ in self.requests if asked.endswith(path)]


@contextmanager
def run_hub() -> Iterator[Hub]:
    """Serve an empty hub on a free port."""
    hub = Hub()

    class Handler(_Handler):
        _hub = hub

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05})
    thread.start()
    hub.url = f"http://127.0.0.1:{server.server_port}"
    try:
        yield hub
    finally:
        hub.go_on.set()
        server.shutdown()
        thread.join()
        server.server_close()


class _Handler(BaseHTTPRequestHandler):
    _hub: Hub
    protocol_version = "HTTP/1.1"

    def log_message(self, *_: Any) -> None:  # its arguments are those of `%`
        """Be quiet."""

    def do_GET(self) -> None:
        path = self.path.partition("?")[0]
        if self._hub.status != 200:
            self._send(self._hub.status, b"{}")
        elif asked := _API.fullmatch(path):
            self._describe(asked["repo"], asked["what"])
        elif asked := _FILE.fullmatch(path):
            self._file(asked["repo"], asked["path"])
        else:
            self._send(404, b"{}")

    def _describe(self, repo: str, what: str) -> None:
        files = self._hub.repos.get(repo)
        if files is None:
            self._send(404, b"{}", {"X-Error-Code": "RepoNotFound"})
        elif what == "revision":
            self._send(200, json.dumps({"id": repo, "sha": self._hub.commit, "siblings": []}).encode())
        else:
            entries = [_entry(path, content, self._hub.digest) for path, content in files.items()]
            self._send(200, json.dumps(entries).encode())

    def _file(self, repo: str, path: str) -> None:
        content = self._hub.repos[repo][path]
        wanted = self.headers.get("Range")
        self._hub.requests.append((path, wanted))
        start = 0
        if wanted and not self._hub.ignores_ranges:
            start = int(wanted.removeprefix("bytes=").partition("-")[0])
        body = content[start:]
        if self._hub.corrupts:
            body = bytes(len(body))
        self.send_response(206 if start else 200)
        if start:
            self.send_header("Content-Range", f"bytes {start}-{len(content) - 1}/{len(content)}")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        limit = self._hub.break_after
        if limit is not None and limit < len(body):
            self._hub.break_after = None
        hold = self._hub.hold_after
        for at in range(0, len(body), _PIECE):
            if limit is not None and at >= limit:
                self.connection.shutdown(socket.SHUT_RDWR)
                return
            if hold is not None and at >= hold:
                self.wfile.flush()
                self._hub.holding.set()
                self._hub.go_on.wait()
                hold = None
            try:
                self.wfile.write(body[at : at + _PIECE])
            except OSError:  # the client has gone
                return

    def _send(self, status: int, body: bytes, headers: dict[str, str] | None = None) -> None:
        self.send_response(status)
        for name, value in (headers or {}).items():
            self.send_header(name, value)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)


def _entry(path: str, content: bytes, stated: str | None) -> dict[str, object]:
    git = hashlib.sha1(f"blob {len(content)}\0".encode() + content, usedforsecurity=False).hexdigest()
    entry: dict[str, object] = {"type": "file", "oid": git, "size": len(content), "path": path}
    if path.endswith(".safetensors"):
        digest = stated or hashlib.sha256(content).hexdigest()
        entry["lfs"] = {"oid": digest, "size": len(content), "pointerSize": 130}
    return entry
