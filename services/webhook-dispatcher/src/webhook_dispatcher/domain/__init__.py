"""The logic of webhook-dispatcher, independent of frameworks and drivers."""
