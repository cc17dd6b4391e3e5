"""What a program needs to talk to a running stack, as `darkroom env` prints it."""

import shlex

from darkroom_chassis.tokens import JwtCodec
from darkroom_schemas.ids import UserId

from darkroom_local.stack_secrets import SecretsFile
from darkroom_local.state import StateDir

TOKEN_TTL_S = 3600
URLS = ("platform_url", "queue_url", "dispatcher_url")
KEYS = ("api_key", "service_key", "admin_key", "queue_token", "server_alias", "state_dir")


def access_to(state: StateDir) -> dict[str, str]:
    """Collect URLs and keys, with a fresh JWT of the demo user; NoStack if none runs."""
    stack = state.running()
    codec = JwtCodec(SecretsFile(state.path).load().jwt_secret, stack.jwt_issuer, stack.jwt_audience)
    jwt = codec.issue(UserId(stack.user_id), ttl_s=TOKEN_TTL_S)
    urls, keys = ({name: str(getattr(stack, name)) for name in names} for names in (URLS, KEYS))
    return {**urls, "jwt": jwt, **keys}


def as_shell_lines(access: dict[str, str]) -> str:
    """Write the access as `export` lines for `eval`: PLATFORM_URL, JWT and so on, and what the program reads."""
    names = {key.upper(): value for key, value in access.items()}
    names |= {"DARKROOM_URL": access["platform_url"], "DARKROOM_TOKEN": access["api_key"]}
    return "\n".join(f"export {name}={shlex.quote(value)}" for name, value in names.items())
