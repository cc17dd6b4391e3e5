"""The service process never loads torch: it must stay small, and hold no CUDA context when it starts its child."""

import subprocess
import sys


def test_the_service_imports_no_torch() -> None:
    code = (
        "import sys, gpu_worker.__main__, gpu_worker.commands, gpu_worker.wiring.check; "
        "from gpu_worker.models.profile_loader import load_profile; load_profile('tiny'); "
        "print([name for name in ('torch', 'diffusers', 'transformers', 'numpy', 'av') if name in sys.modules])"
    )
    answer = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert answer.stdout.strip() == "[]"
