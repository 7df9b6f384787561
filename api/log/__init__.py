"""The append-only log of the office: written with every move, numbered by one sequencer, watched by witnesses."""
