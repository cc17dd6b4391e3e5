"""Event streams: a snapshot, then what follows it, resumable by event id."""
