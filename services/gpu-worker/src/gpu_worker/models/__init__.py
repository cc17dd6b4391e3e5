"""Models and profiles: their lists, where their files come from, and which payloads a model can run."""
