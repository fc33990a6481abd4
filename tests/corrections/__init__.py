"""Putting right what a case keeps: values, their history, and what follows."""
