"""Audits of stations: records in, visits in, findings out, decided by an auditor."""
