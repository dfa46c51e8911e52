"""The rulebook's shared definitions (b.1) and exposure model (b.2): what several rules must agree on.

Pure functions of facts, thresholds and the date. A rule asks here what "current", "renewal" or "earliest clear date"
mean, so that no two rules can mean different things by it.
"""
