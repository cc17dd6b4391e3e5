"""What routes and WebSockets share."""
