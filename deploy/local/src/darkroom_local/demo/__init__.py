"""The demonstration: real jobs through the whole stack, and a look at what they made."""
