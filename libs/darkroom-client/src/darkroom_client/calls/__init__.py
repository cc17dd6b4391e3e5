"""The calls of the API, what they send and how their answers are read; shared by the sync and the async client."""
