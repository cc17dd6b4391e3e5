"""Copy what a service needs to run into a folder: Python, a virtual environment, shared libraries, certificates.

Usage: python3 rootfs.py VENV ROOTFS. Runs while an image is built; the folder becomes the whole image.
"""

import os
import re
import shutil
import subprocess
import sys
import sysconfig
from collections.abc import Callable, Iterable
from pathlib import Path

USER_ID = 10001
UNUSED_MODULES = {
    *("test", "idlelib", "tkinter", "turtledemo", "lib2to3", "ensurepip", "pydoc_data", "site-packages"),
    *("dist-packages", "__pycache__", "distutils", "__phello__"),
}
KEPT_LEXERS = {"__init__.py", "_mapping.py", "python.py", "special.py", "text.py"}
"""Of pygments, which rich has to colour tracebacks with."""
UNUSED_PARTS = {
    "PIL": ("_avif.", "_imagingtk."),
    "pillow.libs": ("libavif-",),
    "darkroom_mini": ("weights",),
    "google": ("api", "cloud", "gapic", "logging", "longrunning", "rpc", "type"),
}
"""By folder, how files and folders begin that no service imports: AVIF and Tk of Pillow, which loads them on demand,
the weights of the mini model, which need torch, and the protocols of Google's APIs, of which OpenTelemetry's exporter
needs protobuf only."""
FONT_PARTS = {"PIL": ("_imagingft.",), "pillow.libs": ("libfreetype-", "libharfbuzz-", "libbrotli", "libpng16-")}
"""The same for fonts, with which only gpu-worker writes into pictures."""
UNUSED_SUFFIXES = (".pyi", ".pyx", ".pxd", ".c", ".h", ".hpp", ".a", ".exe")
LIBRARY = re.compile(r"(?:=> )?(/\S+) \(0x[0-9a-f]+\)")
CERTIFICATES = Path("/etc/ssl/certs/ca-certificates.crt")
FILES = {
    "etc/passwd": f"root:x:0:0::/:\ndarkroom:x:{USER_ID}:{USER_ID}::/tmp:\n",
    "etc/group": f"root:x:0:\ndarkroom:x:{USER_ID}:\n",
    "etc/nsswitch.conf": "hosts: files dns\n",
}


def main(venv: Path, rootfs: Path) -> None:
    """Fill the folder."""
    interpreter = Path(sys.executable).resolve()
    stdlib = Path(sysconfig.get_path("stdlib"))
    _copy_tree(stdlib, _inside(rootfs, stdlib), ignored=_unused_of_stdlib)
    _copy_tree(venv, _inside(rootfs, venv), ignored=_unused_of_packages)
    _copy_file(interpreter, rootfs)
    _link_python(_inside(rootfs, venv), interpreter)
    for library in _libraries([interpreter, *stdlib.rglob("*.so"), *venv.rglob("*.so*")]):
        _copy_file(library, rootfs)
    for file in (CERTIFICATES, Path("/etc/ld.so.cache")):
        if file.exists():
            _copy_file(file, rootfs)
    for name, text in FILES.items():
        path = rootfs / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    temporary, objects = rootfs / "tmp", rootfs / "var/lib/darkroom/objects"
    temporary.mkdir(parents=True)
    temporary.chmod(0o1777)
    objects.mkdir(parents=True)
    for folder in (objects, objects.parent):
        os.chown(folder, USER_ID, USER_ID)
    _strip(rootfs)
    subprocess.run([sys.executable, "-m", "compileall", "-q", "-s", str(rootfs), str(rootfs)], check=True)


def _inside(rootfs: Path, path: Path) -> Path:
    return rootfs / path.relative_to("/")


def _copy_file(path: Path, rootfs: Path) -> None:
    target = _inside(rootfs, path)
    target.parent.mkdir(parents=True, exist_ok=True)
    shutil.copy2(path, target)


def _copy_tree(source: Path, target: Path, *, ignored: Callable[[str, list[str]], set[str]]) -> None:
    shutil.copytree(source, target, symlinks=True, ignore=ignored)


def _unused_of_stdlib(_: str, names: list[str]) -> set[str]:
    return {
        name
        for name in names
        if name in UNUSED_MODULES or name.startswith(("config-", "_test", "_ctypes_test", "_tkinter"))
    }


def _unused_of_packages(folder: str, names: list[str]) -> set[str]:
    if folder.endswith("/pygments/lexers"):
        return {name for name in names if name not in KEPT_LEXERS}
    path = Path(folder)
    parts = UNUSED_PARTS.get(path.name, ()) if path.parent.name == "site-packages" else ()
    if parts and not path.with_name("gpu_worker").exists():
        parts += FONT_PARTS.get(path.name, ())
    unused = {"__pycache__", "tests", "include"} | {name for name in names if name.startswith(parts)}
    if folder.endswith(("/sqlalchemy", "/alembic")):
        unused.add("testing")
    return {name for name in names if name in unused or name.endswith(UNUSED_SUFFIXES)}


def _strip(folder: Path) -> None:
    """Remove symbols for debuggers. Libraries that wheels carry beside them (`*.libs`) do not survive it."""
    extensions = [str(file) for file in folder.rglob("*.so") if not file.parent.name.endswith(".libs")]
    subprocess.run(["strip", "--strip-unneeded", *extensions], check=True)


def _link_python(venv: Path, interpreter: Path) -> None:
    """Replace the programs of the environment by links to the interpreter: there is no shell, and no pip."""
    programs = venv / "bin"
    shutil.rmtree(programs)
    programs.mkdir()
    for name in ("python", "python3"):
        (programs / name).symlink_to(interpreter)


def _libraries(files: Iterable[Path]) -> set[Path]:
    """Return the shared libraries of the system that the files need, the loader included."""
    found: set[Path] = set()
    for file in files:
        listed = subprocess.run(["ldd", str(file)], capture_output=True, text=True, check=False).stdout
        found |= {Path(path) for path in LIBRARY.findall(listed)}
    return {path for path in found if not path.is_relative_to("/opt")}


if __name__ == "__main__":
    main(Path(sys.argv[1]), Path(sys.argv[2]))
