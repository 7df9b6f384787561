"""People of the office: passwords, live sessions, form tokens, roles."""
