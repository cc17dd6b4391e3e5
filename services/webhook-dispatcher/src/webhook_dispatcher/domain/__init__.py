"""What webhook-dispatcher decides, free of frameworks and drivers."""
