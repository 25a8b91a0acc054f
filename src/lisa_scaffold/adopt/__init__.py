"""Bring a project that never had the template into its care."""
