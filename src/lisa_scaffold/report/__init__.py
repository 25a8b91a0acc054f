"""Results as text and in machine forms: one module for each verb; nothing here prints."""
