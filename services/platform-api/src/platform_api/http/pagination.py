"""Where a page of a list stands in the whole list."""

from pydantic import BaseModel, Field


class Pagination(BaseModel):
    """Where the page stands in the whole."""

    limit: int
    total: int = Field(description="How many there are; of a filtered list, 10,000 at most.")
    total_is_exact: bool = Field(description="False where there are more than `total` says.")
    cursor: str | None = Field(description="Pass as `cursor` for the next page; null on the last.")
