-- Which generation of the program a member is, once it serves: the newest that serves is the only one that writes.

ALTER TABLE members ADD COLUMN generation int4 NOT NULL DEFAULT 0;
