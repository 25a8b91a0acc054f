"""What the chart makes."""
