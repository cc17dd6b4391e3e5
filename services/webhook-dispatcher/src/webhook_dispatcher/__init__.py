"""webhook-dispatcher: tells outside systems, signed, with retries, and keeps a log of it."""
