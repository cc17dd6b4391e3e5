"""Wire models shared by every Darkroom service: pydantic and the standard library, no I/O."""
