"""Rejects unknown query parameters: a misspelt filter must not return the whole list."""

from collections.abc import Sequence
from functools import cached_property

from darkroom_chassis.validation import MAX_ERRORS, MAX_NAME, invalid_request, printable, suggestion
from darkroom_schemas.errors import FieldError
from fastapi import params
from fastapi.dependencies.utils import get_flat_params
from fastapi.routing import APIRoute
from starlette.datastructures import QueryParams
from starlette.types import Receive, Scope, Send


class KnownQueryRoute(APIRoute):
    """Responds 400 to a query parameter that neither the endpoint nor its dependencies declare."""

    @cached_property
    def query_parameters(self) -> tuple[str, ...]:
        """The names of the declared query parameters."""
        declared = get_flat_params(self.dependant)
        return tuple(field.alias for field in declared if isinstance(field.field_info, params.Query))

    async def handle(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["query_string"] and scope["method"] in (self.methods or ()):
            self._check(scope["query_string"])
        await super().handle(scope, receive, send)

    def _check(self, query: bytes) -> None:
        known = self.query_parameters
        unknown = [name for name in dict.fromkeys(QueryParams(query)) if name not in known]
        if not unknown:
            return
        sent = unknown[:MAX_ERRORS]
        fields = [FieldError(field=printable(name, MAX_NAME), message=_message(name, known)) for name in sent]
        raise invalid_request(fields, more=len(unknown) - len(sent))


def _message(name: str, known: Sequence[str]) -> str:
    hint = suggestion(name, known) if known else "it has none"
    return "is not a query parameter of this route" + (f"; {hint}" if hint else "")
