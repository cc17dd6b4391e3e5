"""Plans: the steps that fulfil a request. This package does not import jobs."""
