"""The position of a page in its list."""

from pydantic import BaseModel, Field


class Pagination(BaseModel):
    """The position of the page in the list."""

    limit: int
    total: int = Field(description="Number of items; filtered lists are counted up to 10,000.")
    total_is_exact: bool = Field(description="False if there are more than `total` items.")
    cursor: str | None = Field(description="Pass as `cursor` for the next page; null on the last.")
