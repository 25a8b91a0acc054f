"""The service: its settings, and what operations rely on."""
