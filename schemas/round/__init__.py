"""What crosses the borders of an admission round."""
