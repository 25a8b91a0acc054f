"""Create, update, check and adopt LISA Python projects."""
