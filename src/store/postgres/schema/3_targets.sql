-- Where a message goes, as the name of its lane, for a database from before there was the column.

ALTER TABLE outgoing ADD COLUMN target bytea;
UPDATE outgoing SET target = CASE WHEN octet_length(place) <= 200 THEN convert_to(place, 'UTF8')
    ELSE '\xff'::bytea || sha256(convert_to(place, 'UTF8')) END
FROM (SELECT id AS of, substring(message from '"to":(\{"[a-z]+":"(?:[^"\\]|\\.)*"\})') AS place FROM outgoing) AS places
WHERE id = of;
ALTER TABLE outgoing ALTER COLUMN target SET NOT NULL;
CREATE INDEX outgoing_by_target ON outgoing (target, id);
