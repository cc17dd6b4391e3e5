"""The `a1111` connector: A1111's web UI, Forge and others that serve `/sdapi/v1`."""
