"""The four services in miniature: the same commands, settings and signals, and no work."""

import json
import os
import signal
import sys
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer


class Probe(BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        self.send_response(200)
        self.send_header("Content-Length", "0")
        self.send_header("Process", str(os.getpid()))
        self.end_headers()


def run(prefix: str) -> None:
    """Do what the first argument says, or serve on the port that the environment gives."""
    match sys.argv[1:]:
        case ["migrate"]:
            return
        case ["bootstrap", "--json"]:
            print(json.dumps({"user_id": "u1", "jwt": "j", "api_key": "a", "service_key": "s", "admin_key": "k"}))
        case _:
            serve(int(os.environ[f"{prefix}_PORT"]))


def serve(port: int) -> None:
    server = ThreadingHTTPServer(("127.0.0.1", port), Probe)
    signal.signal(signal.SIGTERM, lambda _number, _frame: threading.Thread(target=server.shutdown).start())
    server.serve_forever(0.01)
    print("drained", flush=True)
