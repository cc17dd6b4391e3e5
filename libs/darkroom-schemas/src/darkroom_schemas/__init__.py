"""Wire models shared by all services. Depends only on pydantic and the standard library; does no I/O."""
