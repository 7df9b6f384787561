"""Jobs for workers, which poll: leased, tried again, bounded. A new kind is one file in `kinds/`."""
