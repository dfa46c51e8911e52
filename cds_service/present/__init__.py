"""Findings to cards: reads `cards/`, fills blanks, folds a family into one card, hides, orders, suggests."""
