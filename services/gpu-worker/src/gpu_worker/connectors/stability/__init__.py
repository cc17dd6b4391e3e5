"""The `stability` connector: images by the Stability API (v2beta)."""
