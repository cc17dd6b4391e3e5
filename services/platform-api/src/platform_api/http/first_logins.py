"""Creates users of an identity provider when their first token is verified."""

from darkroom_chassis.jwks import IdentityProvider, JwksAlgorithm
from darkroom_chassis.tokens import JwtClaims

from platform_api.domain.accounts.accounts import Accounts
from platform_api.http.auth import UUID_TEXT


class ProvisioningProvider:
    """Wraps an `IdentityProvider` and creates the verified user if it does not exist."""

    def __init__(self, provider: IdentityProvider, accounts: Accounts) -> None:
        self._provider, self._accounts = provider, accounts

    @property
    def algorithm(self) -> JwksAlgorithm:
        return self._provider.algorithm

    async def verify(self, token: str, kid: str) -> JwtClaims:
        claims = await self._provider.verify(token, kid)
        if UUID_TEXT.match(claims.user_id):
            await self._accounts.provision(claims.user_id)
        return claims
