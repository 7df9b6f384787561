"""`sim://station`: the gate of a coach station with its inspection lane, seen from a pole."""
