"""`python -m darkroom_chassis.healthcheck PORT`: the health check of containers, which have no shell and no curl.

Exits 0 if `/readyz` of the service on this port of loopback answers 200, else 1 with the answer.
"""

import http.client
import sys

TIMEOUT_S = 4.0
READY = 200


def main(port: int) -> int:
    """Ask the service once."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=TIMEOUT_S)
    try:
        connection.request("GET", "/readyz")
        response = connection.getresponse()
        body = response.read(4096).decode(errors="replace")
    except (OSError, http.client.HTTPException) as error:
        sys.stderr.write(f"port {port} does not answer: {error}\n")
        return 1
    finally:
        connection.close()
    if response.status == READY:
        return 0
    sys.stderr.write(f"HTTP {response.status}: {body}\n")
    return 1


if __name__ == "__main__":
    sys.exit(main(int(sys.argv[1])))
