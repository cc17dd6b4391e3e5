"""A service in miniature: answers /readyz, and ends on SIGTERM unless it was started to ignore it.

Usage: service.py PORT [deaf]
"""

import signal
import sys
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer


class Handler(BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        self.send_response(200)
        self.send_header("Content-Length", "0")
        self.end_headers()


server = ThreadingHTTPServer(("127.0.0.1", int(sys.argv[1])), Handler)


def stop(_number: int, _frame: object) -> None:
    print("got the signal to stop", flush=True)
    if "deaf" not in sys.argv:
        threading.Thread(target=server.shutdown).start()


signal.signal(signal.SIGTERM, stop)
server.serve_forever()
