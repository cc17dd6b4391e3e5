"""Users, API keys, sessions and credits."""
