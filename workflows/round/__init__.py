"""The rules of an admission round, pure."""
