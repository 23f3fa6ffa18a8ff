"""The services that the demo and the tests bring along: Postgres and a broker. Neither imports Django."""
