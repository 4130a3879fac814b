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

-- Where a message goes, as the name of its lane.
ALTER TABLE outgoing ADD COLUMN target bytea;
UPDATE outgoing SET target = CASE WHEN octet_length(place) <= 200 THEN convert_to(place, 'UTF8')
    ELSE '\xff'::bytea || sha256(convert_to(place, 'UTF8')) END
FROM (SELECT id AS of, substring(message from '"to":(\{"[a-z]+":"(?:[^"\\]|\\.)*"\})') AS place FROM outgoing) AS places
WHERE id = of;
ALTER TABLE outgoing ALTER COLUMN target SET NOT NULL;
CREATE INDEX outgoing_by_target ON outgoing (target, id);
