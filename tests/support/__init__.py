"""Support cases: rules, doors, servers."""
