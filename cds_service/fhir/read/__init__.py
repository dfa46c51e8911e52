"""FHIR resources of any release read into plain facts.

The releases spell the same thing under different names and their names hardly collide, so each reader takes the
element that is there instead of asking for the release first: real systems mix spellings within one request.
"""
