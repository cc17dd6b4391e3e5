"""The queue's Lua scripts, one per file, and the parts that they include."""

from darkroom_redis.script_loader import LuaScript, load_script


def load(name: str) -> LuaScript:
    """Return the script with this name."""
    return load_script("darkroom_queue", name)
