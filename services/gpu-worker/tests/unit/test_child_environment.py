"""The GPU process learns no secret of the service."""

import pytest
from gpu_worker.runtime.child_environment import child_environment

SECRETS = (
    "AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN", "AZURE_STORAGE_ACCOUNT_KEY", "AZURE_STORAGE_KEY", "OPENAI_API_KEY",
    "GOOGLE_APPLICATION_CREDENTIALS", "GOOGLE_SERVICE_ACCOUNT_KEY", "REDIS_URL", "DATABASE_URL", "OBJECT_STORE_URL",
    "SECRETS_KEY", "JWT_SECRET", "AUTH_TOKEN", "STABILITY_API_KEY", "GPU_WORKER_ID", "SSH_AUTH_SOCK", "A_NEW_ONE",
)  # fmt: skip
NEEDED = (
    "PATH", "HOME", "LANG", "LC_ALL", "TMPDIR", "HF_HOME", "HF_TOKEN", "HF_HUB_OFFLINE", "CUDA_VISIBLE_DEVICES",
    "NVIDIA_VISIBLE_DEVICES", "LD_LIBRARY_PATH", "OMP_NUM_THREADS", "PYTHONPATH", "TORCH_HOME", "XDG_CACHE_HOME",
    "HTTPS_PROXY", "https_proxy", "SSL_CERT_FILE", "LOG_LEVEL", "LOG_FORMAT", "DARKROOM_CATALOGUE",
)  # fmt: skip


@pytest.mark.parametrize("name", SECRETS)
def test_a_secret_is_left_out(name: str) -> None:
    assert name not in child_environment({name: "secret"})


@pytest.mark.parametrize("name", NEEDED)
def test_what_the_libraries_need_is_passed_on(name: str) -> None:
    assert child_environment({name: "value"})[name] == "value"


def test_the_allocator_avoids_fragmentation_unless_the_operator_decides_otherwise() -> None:
    assert child_environment({})["PYTORCH_ALLOC_CONF"] == "expandable_segments:True"
    chosen = child_environment({"PYTORCH_ALLOC_CONF": "backend:cudaMallocAsync"})
    assert chosen["PYTORCH_ALLOC_CONF"] == "backend:cudaMallocAsync"
    assert chosen["OMP_WAIT_POLICY"] == "PASSIVE"
    assert "PYTORCH_ALLOC_CONF" not in child_environment({"PYTORCH_CUDA_ALLOC_CONF": "backend:native"})
