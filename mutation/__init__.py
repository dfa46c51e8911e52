"""Changes the code and the clinical numbers one small thing at a time, and counts which changes a test notices."""
