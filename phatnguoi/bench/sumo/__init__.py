"""Traffic that is not our own idea: Eclipse SUMO, seen by a camera on a pole."""
