"""Checks a signed audit report, offline."""

from __future__ import annotations

from pydantic import ValidationError

from models.domain.audit_report import REPORT_LIMIT_BYTES, REPORT_TYPE, AuditReport
from models.verify.envelope import open_envelope
from models.verify.errors import MalformedError, UnknownIssuerError
from models.verify.steps import Steps
from models.verify.trust import Trust


def verify_report(what: str, body: bytes, trust: Trust, steps: Steps) -> AuditReport:
    """The report, if the log of an agency that the reader trusts signed these very bytes.

    Raises:
        VerificationError: the step that failed is the last of `steps`.
    """
    with steps.step("The report was issued by an agency that you trust") as step:
        opened = open_envelope(what, body, REPORT_TYPE, REPORT_LIMIT_BYTES)
        log = next((each for each in trust.logs if each.key.fingerprint == opened.signer), None)
        if log is None:
            raise UnknownIssuerError(
                f"unknown issuer: got a report signed by key {opened.signer}, expected one of the {len(trust.logs)} "
                "logs that you trust"
            )
        step.said = f"log {log.name}, key {log.key.fingerprint}"
    with steps.step("The signature is that key's over this report") as step:
        payload = opened.payload(log.key)
        step.said = "Ed25519, DSSE"
    with steps.step("The report is well-formed, and in its one spelling") as step:
        try:
            report = AuditReport.model_validate_json(payload)
        except ValidationError:
            raise MalformedError(f"{what}: got no audit report, expected one") from None
        if report.canonical() != payload:
            raise MalformedError(f"{what}: got other bytes than the canonical ones (RFC 8785)")
        step.said = f"{report.station}, {report.first_day} to {report.last_day}, {len(report.findings)} findings"
    return report
