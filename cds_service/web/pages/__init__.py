"""What people look at in a browser, and the definitions that cards link to."""
