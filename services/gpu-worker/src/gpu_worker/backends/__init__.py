"""Back ends: the list of external servers that a worker serves, and the credentials for them."""
