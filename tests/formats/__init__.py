"""Tests of what reads, edits and writes files."""
