"""Who acts: a person with a live session, the office itself, or a citizen with a link."""

from __future__ import annotations

from dataclasses import dataclass

from api.errors import NotAllowedError
from models.domain.cases import CaseState, Move, MoveName, MoveNotAllowedError, Role, find_move

PEOPLES_ROLES: tuple[Role, ...] = ("reviewer", "supervisor", "auditor", "administrator", "operations")
"""Roles that a person may have. The others are machines', a citizen's, and the office's own."""


@dataclass(frozen=True, slots=True)
class Actor:
    """The one who acts. `agency` None sees every agency, `camera_groups` None every group of cameras in it."""

    roles: frozenset[Role]
    person_id: str | None = None
    agency: str | None = None
    session_id: str | None = None
    camera_groups: frozenset[str] | None = None

    def move(self, name: MoveName, source: CaseState) -> tuple[Move, Role]:
        """The move of that name from that state, and the role in which this actor makes it.

        Raises:
            MoveNotAllowedError: no role of this actor may.
        """
        refusal: MoveNotAllowedError | None = None
        for role in sorted(self.roles):
            try:
                return find_move(name, source, role), role
            except MoveNotAllowedError as error:
                refusal = error
        raise refusal or MoveNotAllowedError(f"{name} from {source}: got nobody's role, expected one")

    def needs(self, *roles: Role) -> None:
        """Raises NotAllowedError unless the actor has one of the roles."""
        if not self.roles.intersection(roles):
            raise NotAllowedError(f"got roles {sorted(self.roles)}, expected one of {sorted(roles)}")

    def sees(self, agency: str, camera_group: str | None = None) -> bool:
        """Whether a camera there, and the cases of it, are this actor's business at all.

        What has no group yet (None) is the business only of those who see them all.
        """
        if self.agency is not None and self.agency != agency:
            return False
        return self.camera_groups is None or camera_group in self.camera_groups


OFFICE = Actor(frozenset({"office"}))
CITIZEN = Actor(frozenset({"citizen"}))
