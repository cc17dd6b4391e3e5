"""The composition roots of the two processes; they alone read settings."""
