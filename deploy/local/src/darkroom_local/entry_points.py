"""Entry points for the commands of other members: access to the running stack. pyproject.toml registers them."""

from darkroom_client.errors import NotReachable

from darkroom_local.environment import user_environment
from darkroom_local.errors import StackError
from darkroom_local.os_errors import describe_os_error
from darkroom_local.running_stacks import find_stack
from darkroom_local.state import RunningStack


def client_access() -> tuple[str, str]:
    """Return the URL of platform-api and an API key of the demo user; raises NotReachable if no stack is ready."""
    stack = _running("set --url and --token")
    return stack.platform_url, stack.api_key


def queue_access() -> tuple[str, str]:
    """Return the URL of queue-api and its operator's token; raises NotReachable if no stack is ready."""
    stack = _running("set --queue-url and --queue-token")
    return stack.queue_url, stack.queue_token


def service_urls() -> dict[str, str]:
    """Return the URL of each service by its name; raises NotReachable if no stack is ready."""
    stack = _running("set --url and --token")
    several = len(stack.worker_urls) > 1
    workers = {f"gpu-worker-{n}" if several else "gpu-worker": url for n, url in enumerate(stack.worker_urls, start=1)}
    return {
        "platform-api": stack.platform_url,
        "queue-api": stack.queue_url,
        "webhook-dispatcher": stack.dispatcher_url,
        **workers,
    }


def operator_settings() -> dict[str, str]:
    """Return the settings of platform-api for its operator's commands.

    Returns {} if the environment names another database than the stack's; raises NotReachable if it names none and no
    stack is ready.
    """
    env = user_environment()
    database = env.get("PLATFORM_DATABASE_URL") or env.get("DATABASE_URL")
    try:
        stack = _running("set the settings of platform-api, of which PLATFORM_DATABASE_URL is missing")
    except NotReachable:
        if database:
            return {}
        raise
    is_of_stack = database in (None, stack.operator_settings["PLATFORM_DATABASE_URL"])
    return stack.operator_settings if is_of_stack else {}


def worker_settings() -> dict[str, str]:
    """Return the settings of a worker that is added to the stack; raises NotReachable if no stack is ready."""
    return _running("set REDIS_URL and OBJECT_STORE_URL").worker_settings


def _running(otherwise: str) -> RunningStack:
    try:
        return find_stack(None).running()
    except StackError as error:
        raise NotReachable(f"{str(error).rstrip('.')}, or {otherwise}.") from None
    except OSError as error:
        raise NotReachable(describe_os_error(error)) from None
