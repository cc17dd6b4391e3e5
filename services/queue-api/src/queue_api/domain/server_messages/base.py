"""What all messages share."""

from typing import Annotated, Any, Self, get_args

from pydantic import BaseModel, ConfigDict, Field

Ms = Annotated[int, Field(description="Unix milliseconds")]
EXAMPLE_MS = 1_795_807_015_633
EXAMPLE_EVENT = "0-1795806648770-1795807015633-1"
EXAMPLE_JOB = "01a21e70-729b-7917-a805-b7c8abdcde94:1:00"
EXAMPLE_WORKFLOW = "01a21e70-729b-7917-a805-b7c8abdcde94"


class Part(BaseModel):
    """Part of a message. Other members are an error, so that tests find what the document lacks."""

    model_config = ConfigDict(frozen=True, extra="forbid")


class ServerMessage(Part):
    """One text frame."""

    timestamp: Ms

    @classmethod
    def kind(cls) -> str:
        """Return the value of `type`."""
        return str(get_args(cls.model_fields["type"].annotation)[0])

    @classmethod
    def example(cls) -> Self:
        """Return the first example."""
        extra: Any = cls.model_config["json_schema_extra"]  # set by `example_of`
        return cls.model_validate(extra["examples"][0])


class Answer(ServerMessage):
    """A response to a message of the client; it repeats the `id`, if there was one."""

    id: str | int | None = None


def example_of(kind: str, **members: Any) -> ConfigDict:
    """Return the configuration of a message with an example."""
    return ConfigDict(json_schema_extra={"examples": [{"type": kind, "timestamp": EXAMPLE_MS, **members}]})
