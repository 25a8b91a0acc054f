"""Challenges: their datasets, who downloads how much of them, and an interface for programs."""
