-- Who read what: trace.db, beside the ledger and append-only like it. The triggers stop mistakes;
-- against an owner of the file there is each day's digest in the ledger.

CREATE TABLE accesses (
	seq      INTEGER PRIMARY KEY, -- dense from 1, in the order of commit
	at       INTEGER NOT NULL,    -- Unix nanoseconds, never going back
	day      TEXT    NOT NULL,    -- of at, in the ledger's zone
	actor    TEXT    NOT NULL,
	roles    TEXT    NOT NULL,
	route    TEXT    NOT NULL,
	target   TEXT    NOT NULL,
	form     TEXT    NOT NULL,
	as_of    TEXT    NOT NULL,
	known_at TEXT    NOT NULL,
	entry    INTEGER NOT NULL,
	request  TEXT    NOT NULL
) STRICT;

CREATE INDEX accesses_by_day ON accesses (day, seq);

CREATE TRIGGER accesses_are_not_updated BEFORE UPDATE ON accesses
BEGIN SELECT RAISE(ABORT, 'the trace is append-only'); END;

CREATE TRIGGER accesses_are_not_deleted BEFORE DELETE ON accesses
BEGIN SELECT RAISE(ABORT, 'the trace is append-only'); END;

-- INSERT OR REPLACE deletes without firing the trigger above.
CREATE TRIGGER accesses_are_not_replaced BEFORE INSERT ON accesses
WHEN NEW.seq <= (SELECT max(seq) FROM accesses) OR NEW.at < (SELECT at FROM accesses ORDER BY seq DESC LIMIT 1)
BEGIN SELECT RAISE(ABORT, 'the trace is append-only'); END;
