"""What happens after a 403: collect the facts, investigate, retry once, or raise `ForbiddenDiagnosis`."""
