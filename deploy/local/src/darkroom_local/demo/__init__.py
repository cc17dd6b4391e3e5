"""`darkroom demo`: runs jobs through the whole stack and checks the files that they make."""
