"""Jobs that the office asks for. A new kind is one file in `kinds/`."""
