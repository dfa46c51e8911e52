"""What is told and kept of calls: log, metrics, and cards and counts for the store. Never a patient's value."""
