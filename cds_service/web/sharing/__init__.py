"""How clients share one service, so that none keeps another waiting (trust T13)."""
