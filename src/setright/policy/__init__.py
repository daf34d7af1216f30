"""Who may put it right: risk, owners, decisions, exceptions. Pure: facts and time come in as values."""
