-- The vault, format level 1. An erased subject keeps its row: for it no key is ever made again.

CREATE TABLE vault (
	one    INTEGER PRIMARY KEY CHECK (one = 1),
	ledger TEXT NOT NULL, -- whose subjects these are
	own    BLOB NOT NULL  -- the vault's own key, wrapped like the others
) STRICT;

-- A key and the zeros that take its place are as long as one another, and so are 0 and 1: SQLite
-- then overwrites the row where it stands and leaves no copy.
CREATE TABLE keys (
	id      INTEGER PRIMARY KEY,
	subject BLOB NOT NULL UNIQUE,
	wrapped BLOB NOT NULL CHECK (length(wrapped) = 60), -- nonce, key and tag under the master key
	erased  INTEGER NOT NULL CHECK (erased IN (0, 1))
) STRICT;

CREATE TRIGGER keys_are_not_deleted BEFORE DELETE ON keys
BEGIN SELECT RAISE(ABORT, 'keys are erased, not deleted'); END;

CREATE TRIGGER erased_is_for_ever BEFORE UPDATE ON keys WHEN OLD.erased = 1
BEGIN SELECT RAISE(ABORT, 'an erased key does not come back'); END;
