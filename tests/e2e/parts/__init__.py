"""Real parts for the slow tests: engines, base images, a pipeline runner, a scanner's stub."""
