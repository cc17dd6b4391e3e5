"""Loads the Lua scripts of a package, with their shared parts included."""

import hashlib
import re
from dataclasses import dataclass
from functools import cache
from importlib import resources

_INCLUDE = re.compile(r"^--#include (\w+)$", re.MULTILINE)


@dataclass(frozen=True, slots=True)
class LuaScript:
    """A complete script. EVALSHA uses `sha`, so releases that run side by side never execute each other's scripts."""

    name: str
    source: str
    sha: str


@cache
def load_script(package: str, name: str) -> LuaScript:
    """Return `<package>/lua/<name>.lua` with every `--#include <part>` replaced by `lua/parts/<part>.lua`."""
    folder = resources.files(package) / "lua"
    source = _INCLUDE.sub(
        lambda match: (folder / "parts" / f"{match[1]}.lua").read_text(), (folder / f"{name}.lua").read_text()
    )
    return LuaScript(name, source, hashlib.sha1(source.encode(), usedforsecurity=False).hexdigest())
