"""The worker's side: claims, heartbeats and reports around a handler."""
