"""HTTP routes of webhook-dispatcher."""
