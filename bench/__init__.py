"""Benchmarks: whole processes and hot paths, beside what a user would pick instead."""
