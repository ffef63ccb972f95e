"""The one expression language: source → typed tree → Python closure; SQL is rendered by the runtime."""
