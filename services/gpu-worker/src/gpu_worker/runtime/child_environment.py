"""The environment of the GPU process: only what Python, torch, the model libraries and the catalogue need.

Code of models and their dependencies runs there, so it gets no credentials of the service: an allow list, since nobody
can list the names of all secrets. Hugging Face's token stays, because downloads need it.
"""

from collections.abc import Mapping

from darkroom_schemas.catalogue_file import CATALOGUE_VARIABLE

_NAMES = frozenset((
    "PATH", "HOME", "USER", "LOGNAME", "SHELL", "LANG", "LANGUAGE", "TZ", "TMPDIR", "TEMP", "TMP", "LD_LIBRARY_PATH",
    "LD_PRELOAD", "VIRTUAL_ENV", "LOG_LEVEL", "LOG_FORMAT", "SSL_CERT_FILE", "SSL_CERT_DIR", "REQUESTS_CA_BUNDLE",
    "CURL_CA_BUNDLE", "HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY", "NO_PROXY", "http_proxy", "https_proxy", "all_proxy",
    "no_proxy", CATALOGUE_VARIABLE,
))  # fmt: skip
_PREFIXES = (
    "HF_", "HUGGINGFACE_HUB_", "TRANSFORMERS_", "DIFFUSERS_", "SAFETENSORS_", "TOKENIZERS_", "TORCH", "PYTORCH_",
    "TRITON_", "CUDA_", "CUDNN_", "CUBLAS_", "NCCL_", "NVIDIA_", "HIP_", "HSA_", "ROCR_", "ROCM_", "MIOPEN_", "OMP_",
    "MKL_", "KMP_", "OPENBLAS_", "GOMP_", "MALLOC_", "LC_", "XDG_", "PYTHON", "COV_CORE_", "COVERAGE_",
)  # fmt: skip
_DEFAULTS = {
    # Idle OpenMP threads must sleep: where processes share cores, spinning threads slow all of them down tenfold.
    "OMP_WAIT_POLICY": "PASSIVE",
    # cuBLAS is deterministic only with a fixed workspace.
    "CUBLAS_WORKSPACE_CONFIG": ":4096:8",
}
_ALLOCATOR, _OLD_ALLOCATOR = "PYTORCH_ALLOC_CONF", "PYTORCH_CUDA_ALLOC_CONF"


def child_environment(environment: Mapping[str, str]) -> dict[str, str]:
    """Return the allowed variables of `environment`, and defaults for those that it does not set."""
    allowed = {name: value for name, value in environment.items() if name in _NAMES or name.startswith(_PREFIXES)}
    # Without it, memory that is free in pieces cannot serve a large allocation. The new name overrides the old one.
    allocator = {} if _OLD_ALLOCATOR in allowed else {_ALLOCATOR: "expandable_segments:True"}
    return _DEFAULTS | allocator | allowed
