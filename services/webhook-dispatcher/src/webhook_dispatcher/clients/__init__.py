"""How webhook-dispatcher reaches out."""
