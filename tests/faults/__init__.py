"""Kill the process at every step boundary, on every surface, and see what the next start makes of it."""
