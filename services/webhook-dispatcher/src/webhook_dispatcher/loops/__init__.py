"""Background loops of webhook-dispatcher."""
