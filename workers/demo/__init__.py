"""A whole cohort played to its end on servers of its own, with time moved on."""
