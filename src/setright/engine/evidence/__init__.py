"""Evidence of one run in one file, which anybody checks with a public key: what was done, who decided it, and what came of it."""
