"""The demonstration of an admission round: from the files of scores to the registrar's hand-over."""
