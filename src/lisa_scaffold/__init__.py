"""Create Python projects for the LISA mission that follow one practice."""
