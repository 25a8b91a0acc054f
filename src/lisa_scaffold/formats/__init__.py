"""Reads, edits and writes files of the formats that projects hold; merges nothing."""
