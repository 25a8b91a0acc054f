"""Bring a newer render into a project: merge the trees, then apply the result in one step."""
