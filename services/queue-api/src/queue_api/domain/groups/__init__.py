"""Job groups: one request that runs on several back ends at once, each child with a seed of its own."""
