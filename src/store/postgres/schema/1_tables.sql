-- A moment is two columns, seconds since 1970 and the nanoseconds beside them, since the bot compares moments
-- exactly: `to_timestamp(at)` reads it. Names from outside are bytes, since text cannot hold every one of them.

CREATE TABLE dossiers (
    project bigint PRIMARY KEY,
    version bigint NOT NULL
);

-- `value` is the record byte by byte; everything behind it is read off it when it is written, for those who query.
CREATE TABLE rows (
    project bigint NOT NULL,
    letter text COLLATE "C" NOT NULL,
    number bigint NOT NULL,
    value bytea NOT NULL,
    body jsonb,
    title text,
    state text,
    owner text,
    owner_id text,
    due timestamptz,
    PRIMARY KEY (project, letter, number)
);
CREATE INDEX rows_by_kind ON rows (letter, state);
CREATE INDEX rows_by_due ON rows (due) WHERE due IS NOT NULL;

CREATE TABLE wakes (
    project bigint NOT NULL,
    letter text COLLATE "C" NOT NULL,
    number bigint NOT NULL,
    at bigint NOT NULL,
    nanos int4 NOT NULL,
    PRIMARY KEY (project, letter, number)
);
CREATE INDEX wakes_in_order ON wakes (at, nanos, project, letter, number);

CREATE SEQUENCE log_numbers;
CREATE TABLE log (
    project bigint NOT NULL,
    number bigint NOT NULL,
    at timestamptz,
    entry text NOT NULL,
    PRIMARY KEY (project, number)
);
CREATE TABLE log_of (
    project bigint NOT NULL,
    letter text COLLATE "C" NOT NULL,
    of bigint NOT NULL,
    number bigint NOT NULL,
    PRIMARY KEY (project, letter, of, number)
);

CREATE TABLE seen (
    mark bytea PRIMARY KEY,
    until bigint NOT NULL,
    nanos int4 NOT NULL
);
CREATE INDEX seen_until ON seen (until, nanos);

CREATE SEQUENCE outgoing_ids;
-- `target` is where it goes, as the name of its lane.
CREATE TABLE outgoing (
    id bigint PRIMARY KEY,
    message text NOT NULL,
    tries bigint NOT NULL,
    bundled text NOT NULL,
    target bytea NOT NULL
);
CREATE INDEX outgoing_by_target ON outgoing (target, id);
CREATE TABLE dead_letters (
    id bigint PRIMARY KEY,
    message text NOT NULL,
    tries bigint NOT NULL,
    bundled text NOT NULL,
    why text NOT NULL,
    at bigint NOT NULL,
    nanos int4 NOT NULL
);

CREATE TABLE about (
    message bytea PRIMARY KEY,
    project bigint NOT NULL,
    letter text COLLATE "C" NOT NULL,
    number bigint NOT NULL,
    until bigint NOT NULL,
    nanos int4 NOT NULL
);
CREATE INDEX about_until ON about (until, nanos);

CREATE TABLE chat_rooms (
    room bytea PRIMARY KEY,
    name bytea NOT NULL,
    newest bigint NOT NULL
);
CREATE TABLE chat_lines (
    room bytea NOT NULL,
    number bigint NOT NULL,
    name bytea NOT NULL,
    value bytea NOT NULL,
    PRIMARY KEY (room, number)
);
CREATE UNIQUE INDEX chat_lines_by_name ON chat_lines (room, name);

INSERT INTO store_state
VALUES ('store', md5(random()::text || clock_timestamp()::text)) ON CONFLICT (name) DO NOTHING;
