"""Jobs: their steps, transitions, and the use cases that change them."""
