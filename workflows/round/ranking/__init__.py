"""A round's lists, as a pure function of scores, weights, choices, limits and rules (R2)."""
