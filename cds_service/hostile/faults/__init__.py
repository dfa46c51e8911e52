"""The faults, a file for each place where an answer can go wrong. A new fault is one function; no list is edited."""
