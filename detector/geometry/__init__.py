"""Pure geometry of picture and road: scalars in float64, + − × ÷ and sqrt only, so that a scene replays bit for bit."""
