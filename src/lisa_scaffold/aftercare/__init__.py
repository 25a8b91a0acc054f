"""What an update does for a project beyond its merge: what else has to change, and who is told."""
