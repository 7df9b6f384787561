"""`sim://`: a small seeded world of one crossing, drawn in perspective, which knows the exact truth of every frame.

settings (URL) → layout (metres) → traffic (signals, vehicles, people) → truth; scenery and render draw what the
traffic says; clip writes both to disk; camera_file says the same geometry as a camera file.
"""
