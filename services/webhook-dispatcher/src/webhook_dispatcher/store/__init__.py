"""What webhook-dispatcher keeps, in schema `webhooks`."""
