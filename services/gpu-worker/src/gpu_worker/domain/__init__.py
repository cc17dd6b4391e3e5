"""What a worker decides: profiles, models, payload limits, outcomes. No torch, no driver, no I/O."""
