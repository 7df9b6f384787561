"""The rules of an audit, one file each."""

from api.audits.findings.exit_without_order import ExitWithoutOrder
from api.audits.findings.ghost_trip import GhostTrip
from api.audits.findings.inspected_unseen import InspectedUnseen
from api.audits.findings.rule import AuditRule

AUDIT_RULES: tuple[AuditRule, ...] = (ExitWithoutOrder(), GhostTrip(), InspectedUnseen())

__all__ = ["AUDIT_RULES", "AuditRule", "ExitWithoutOrder", "GhostTrip", "InspectedUnseen"]
