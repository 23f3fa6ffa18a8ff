"""The way in: password, e-mailed code, reset, invitation and the authenticator app of the team."""
