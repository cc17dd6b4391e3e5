"""URLs and keys of a running stack, as `darkroom env` prints them."""

import shlex

from darkroom_chassis.tokens import SIGN_IN, JwtCodec
from darkroom_schemas.ids import UserId

from darkroom_local.stack_secrets import SecretsFile
from darkroom_local.state import StateDir

TOKEN_TTL_S = 3600
SIGN_IN_TTL_S = 900
PREFIX = "DARKROOM_"
URLS = ("platform_url", "queue_url", "dispatcher_url")
KEYS = ("api_key", "service_key", "admin_key", "queue_token", "server_alias", "state_dir")


def access_to(state: StateDir) -> dict[str, str]:
    """Return URLs, keys and a new JWT of the demo user, valid for an hour; raises NoStack or StillStarting.

    `redis_url` is there with the embedded Redis only: it reads the channels of progress and status.
    """
    stack = state.running()
    codec = JwtCodec(SecretsFile(state.path).load().jwt_secret, stack.jwt_issuer, stack.jwt_audience)
    jwt = codec.issue(UserId(stack.user_id), ttl_s=TOKEN_TTL_S)
    urls, keys = ({name: str(getattr(stack, name)) for name in names} for names in (URLS, KEYS))
    channels = {} if stack.redis_url is None else {"redis_url": stack.redis_url}
    return {**urls, "jwt": jwt, **keys, **channels}


def sign_in_link(state: StateDir) -> str:
    """Return the address of the web UI that signs the demo user in, valid for 15 minutes; raises as `access_to` does.

    The token is in the fragment, which browsers do not send: it is in no log.
    """
    stack = state.running()
    codec = JwtCodec(SecretsFile(state.path).load().jwt_secret, stack.jwt_issuer, stack.jwt_audience + SIGN_IN)
    return f"{stack.platform_url}/studio#sign-in={codec.issue(UserId(stack.user_id), ttl_s=SIGN_IN_TTL_S)}"


def as_shell_lines(access: dict[str, str], *, export: bool) -> str:
    """Format the access as shell variables: DARKROOM_JWT and so on.

    DARKROOM_URL and DARKROOM_TOKEN are those that the `darkroom` program reads.
    """
    names = {f"{PREFIX}{key.upper()}": value for key, value in access.items()}
    names |= {f"{PREFIX}URL": access["platform_url"], f"{PREFIX}TOKEN": access["api_key"]}
    return "\n".join(f"{'export ' * export}{name}={shlex.quote(value)}" for name, value in names.items())
