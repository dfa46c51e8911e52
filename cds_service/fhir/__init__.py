"""The only room that knows FHIR releases: gather what is needed, read it into plain facts, write facts back."""
