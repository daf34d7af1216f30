"""What other programs ask for: scans, plans, approvals, runs, the way back and exceptions, under /api/v1."""
