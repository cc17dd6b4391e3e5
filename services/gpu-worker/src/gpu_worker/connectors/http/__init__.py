"""The `http` connector: requests that `fetch_api` jobs describe, to public addresses and those the operator allows."""
