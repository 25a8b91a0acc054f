"""Results as text and in machine forms: a module for each verb; nothing here prints."""
