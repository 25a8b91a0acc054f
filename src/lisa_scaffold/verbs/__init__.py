"""What the commands do, one module for each: create, update, check and adopt projects."""
