"""What ``lisa-scaffold check`` found: a module for each form."""
