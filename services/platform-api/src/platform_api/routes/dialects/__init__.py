"""One package for each API document that clients are written against. No dialect knows another."""
