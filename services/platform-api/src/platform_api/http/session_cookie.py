"""The cookie of a browser session, and from which pages it may write.

A browser sends cookies along whoever asks it to. Reading is harmless, since another site's page cannot see the answer;
a write must come from a page of ours, by its Origin, and in a content type that another site's form cannot send.
"""

from dataclasses import dataclass
from datetime import timedelta

from darkroom_chassis.errors import AppError
from darkroom_chassis.validation import invalid_request
from darkroom_schemas.errors import ErrorCode, FieldError
from fastapi import Request, Response

SAFE_METHODS = frozenset({"GET", "HEAD", "OPTIONS"})
JSON = "application/json"


@dataclass(frozen=True, slots=True)
class CookiePolicy:
    """`secure` when browsers reach us by https; `origins` are those of our own pages."""

    secure: bool
    origins: frozenset[str]
    lifetime: timedelta

    @property
    def name(self) -> str:
        """The prefix makes browsers refuse such a cookie from a neighbouring host."""
        return "__Host-darkroom_session" if self.secure else "darkroom_session"

    def put(self, response: Response, token: str) -> None:
        """Hand the session's token to the browser."""
        age_s = round(self.lifetime.total_seconds())
        response.set_cookie(self.name, token, max_age=age_s, secure=self.secure, httponly=True, samesite="lax")

    def clear(self, response: Response) -> None:
        """Have the browser forget it."""
        response.delete_cookie(self.name, secure=self.secure, httponly=True, samesite="lax")

    def token_in(self, request: Request) -> str | None:
        """Return the token that the browser sent."""
        return request.cookies.get(self.name) or None

    def check_write(self, request: Request) -> None:
        """Raise unless the request only reads, or comes from a page of ours."""
        if request.method in SAFE_METHODS:
            return
        self.check_origin(request)
        has_body = request.headers.get("content-length", "0") != "0" or "transfer-encoding" in request.headers
        if has_body and not is_json(request):
            error = FieldError(field="Content-Type", message=f"must be {JSON} where a cookie authenticates")
            raise invalid_request([error])

    def check_origin(self, request: Request) -> None:
        """Raise unless the page that sends the request is of one of our origins."""
        own = f"{request.url.scheme}://{request.headers.get('host', '')}"
        if request.headers.get("origin") not in {own, *self.origins}:
            sentence = "A browser session may write from this platform's own pages only; or send a token or an API key."
            raise AppError(403, ErrorCode.FORBIDDEN, sentence)


def is_json(request: Request) -> bool:
    """Tell whether the body calls itself JSON."""
    return request.headers.get("content-type", "").partition(";")[0].strip().lower() == JSON
