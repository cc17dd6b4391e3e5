"""One file a peer: how its own documentation says to enqueue and to work fast."""
