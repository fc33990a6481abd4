"""The places ledger."""
