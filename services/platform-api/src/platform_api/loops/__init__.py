"""What runs beside the requests: towards Redis, back from it, and between both when they disagree."""
