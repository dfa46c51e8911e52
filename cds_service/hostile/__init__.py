"""A FHIR and key server that misbehaves on purpose, for whoever has to know what a client of such servers does.

It serves one patient's record, each fault below a base URL of its own (`/{fault}/{on}/fhir`), so that many faults can
be tried at once and nothing has to be switched between two calls. It knows FHIR and HTTP and nothing of this service.
"""
