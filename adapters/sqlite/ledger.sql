-- The ledger, format level 1: one row an event, and nothing is ever changed. The triggers stop
-- mistakes, not an owner of the file; that is what the transparency log is for.

CREATE TABLE ledger (
	one INTEGER PRIMARY KEY CHECK (one = 1),
	id  TEXT NOT NULL -- of this ledger, in every event's metadata too
) STRICT;

CREATE TABLE events (
	position INTEGER PRIMARY KEY, -- dense from 1, in the order of commit
	stream   TEXT    NOT NULL,    -- category-uuid
	version  INTEGER NOT NULL,    -- dense from 1 in its stream
	id       TEXT    NOT NULL,
	type     TEXT    NOT NULL,
	metadata TEXT    NOT NULL,    -- the envelope, verbatim
	data     TEXT    NOT NULL,    -- verbatim
	UNIQUE (stream, version)      -- the only index: each one costs appends
) STRICT;

CREATE TRIGGER events_are_not_updated BEFORE UPDATE ON events
BEGIN SELECT RAISE(ABORT, 'the ledger is append-only'); END;

CREATE TRIGGER events_are_not_deleted BEFORE DELETE ON events
BEGIN SELECT RAISE(ABORT, 'the ledger is append-only'); END;

-- INSERT OR REPLACE deletes without firing the trigger above. ROLLBACK and not ABORT, here and in
-- the writer's INSERT: to be able to undo one statement SQLite would copy each page it touches.
CREATE TRIGGER events_are_not_replaced BEFORE INSERT ON events
WHEN NEW.position <= (SELECT max(position) FROM events)
	OR NEW.version <= (SELECT max(version) FROM events WHERE stream = NEW.stream)
BEGIN SELECT RAISE(ROLLBACK, 'the ledger is append-only'); END;

CREATE TRIGGER ledger_is_not_updated BEFORE UPDATE ON ledger
BEGIN SELECT RAISE(ABORT, 'the ledger is append-only'); END;

CREATE TRIGGER ledger_is_not_deleted BEFORE DELETE ON ledger
BEGIN SELECT RAISE(ABORT, 'the ledger is append-only'); END;

CREATE TRIGGER ledger_is_not_replaced BEFORE INSERT ON ledger
WHEN EXISTS (SELECT 1 FROM ledger)
BEGIN SELECT RAISE(ABORT, 'the ledger is append-only'); END;
