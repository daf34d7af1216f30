"""Scan, decide, plan, apply, verify, go back. One step a module; `workflow` keeps their order and outlives a crash."""
