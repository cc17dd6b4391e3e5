"""Event streams: a snapshot, then the events that follow it; resumable by event id."""
