"""Tests of the whole site in a browser."""
