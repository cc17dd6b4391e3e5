"""The cookie of a browser session, and the check of write requests that it authenticates.

Browsers also send cookies with requests from other sites. Reads are safe, since the other site cannot see the response.
Writes must have an Origin of this platform and a content type that a form on another site cannot send.
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
    """`secure` if browsers connect by https; `origins` are those of the platform's own pages."""

    secure: bool
    origins: frozenset[str]
    lifetime: timedelta

    @property
    def name(self) -> str:
        """With the prefix `__Host-`, browsers reject such a cookie from other hosts."""
        return "__Host-darkroom_session" if self.secure else "darkroom_session"

    def put(self, response: Response, token: str) -> None:
        """Set the cookie with the session's token."""
        age_s = round(self.lifetime.total_seconds())
        response.set_cookie(self.name, token, max_age=age_s, secure=self.secure, httponly=True, samesite="lax")

    def clear(self, response: Response) -> None:
        """Delete the cookie."""
        response.delete_cookie(self.name, secure=self.secure, httponly=True, samesite="lax")

    def token_in(self, request: Request) -> str | None:
        """Return the token in the request's cookie."""
        return request.cookies.get(self.name) or None

    def check_write(self, request: Request) -> None:
        """Raise 403 or 400 unless the request only reads, or is a valid write from one of the platform's own pages."""
        if request.method in SAFE_METHODS:
            return
        self.check_origin(request)
        has_body = request.headers.get("content-length", "0") != "0" or "transfer-encoding" in request.headers
        if has_body and not (is_json(request) or _is_image(request)):
            error = FieldError(
                field="Content-Type", message=f"must be {JSON}, or that of an image, where a cookie authenticates"
            )
            raise invalid_request([error])

    def check_origin(self, request: Request) -> None:
        """Raise 403 unless the request comes from a page with an allowed origin."""
        own = f"{request.url.scheme}://{request.headers.get('host', '')}"
        if request.headers.get("origin") not in {own, *self.origins}:
            sentence = "A browser session can write only from this platform's own pages; or send a token or an API key."
            raise AppError(403, ErrorCode.FORBIDDEN, sentence)


def _is_image(request: Request) -> bool:
    """Return whether the body is an image. A form on another site cannot send one without asking first (CORS)."""
    return request.headers.get("content-type", "").lower().startswith("image/")


def is_json(request: Request) -> bool:
    """Return whether the content type of the body is JSON."""
    return request.headers.get("content-type", "").partition(";")[0].strip().lower() == JSON
