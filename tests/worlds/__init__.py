"""Shared builders of the tests: plans, parties, processes. Made-up people only."""
