"""The error of an outage."""


class RedisUnavailable(Exception):
    """Redis does not respond, or refuses writes. The call may have been executed; repeating it is safe."""
