-- Several processes on one store: who is there, by the database's clock, and whose is what they do one at a time.

CREATE TABLE members (
    name text PRIMARY KEY,
    alive_until timestamptz NOT NULL
);

-- A lane of the outbox (its target), or a piece of the scheduler's work. It counts while its member is there.
CREATE TABLE leases (
    name bytea PRIMARY KEY,
    member text NOT NULL
);
CREATE INDEX leases_of ON leases (member);

-- What all count together.
CREATE TABLE counts (
    name text PRIMARY KEY,
    number bigint NOT NULL
);
