"""Fail for code that nothing refers to, by vulture. Its exceptions are under [tool.vulture] in pyproject.toml.

Class attributes are left out: fields of models and members of enums are read by (de)serialisation, not by name.
"""

import ast
import sys
from pathlib import Path

from vulture import Vulture
from vulture.config import make_config

ROOT = Path(__file__).parents[2]


def fields_of(path: Path) -> set[str]:
    """Return the names that the bodies of the file's classes assign."""
    names: set[str] = set()
    for of_class in ast.walk(ast.parse(path.read_text())):
        for node in of_class.body if isinstance(of_class, ast.ClassDef) else ():
            targets = [node.target] if isinstance(node, ast.AnnAssign) else getattr(node, "targets", [])
            names |= {name.id for target in targets for name in ast.walk(target) if isinstance(name, ast.Name)}
    return names


def main() -> int:
    """Print what is unused, one line each; 1 if there is anything."""
    config = make_config(["--config", str(ROOT / "pyproject.toml")])
    vulture = Vulture(ignore_names=config["ignore_names"], ignore_decorators=config["ignore_decorators"])
    patterns: list[str] = config["paths"]
    folders = [str(path) for pattern in patterns for path in ROOT.glob(pattern)]
    vulture.scavenge(folders, exclude=[f"*/{name}/*" for name in config["exclude"]])
    unused = [
        item for item in vulture.get_unused_code(min_confidence=60)
        if item.typ != "variable" or item.name not in fields_of(Path(item.filename))
    ]  # fmt: skip
    for item in unused:
        print(item.get_report())
    return int(bool(unused))


if __name__ == "__main__":
    sys.exit(main())
