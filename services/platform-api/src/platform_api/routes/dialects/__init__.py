"""One package per API that existing clients use. Dialects do not depend on each other."""
