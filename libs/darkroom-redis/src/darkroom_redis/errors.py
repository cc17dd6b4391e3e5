"""The one error of an outage."""


class RedisUnavailable(Exception):
    """Redis does not answer, or takes no writes. The call may have been executed; repeating it is safe."""
