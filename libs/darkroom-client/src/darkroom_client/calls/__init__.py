"""The calls of the API, with their requests and the parsing of responses. Used by the sync and the async client."""
