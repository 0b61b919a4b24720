-- Read models: this file can be deleted and loses nothing.

-- One generation is one set of tables built under one fingerprint; exactly one is read.
CREATE TABLE generations (
  id          INTEGER PRIMARY KEY,
  ledger      TEXT    NOT NULL,
  fingerprint TEXT    NOT NULL,
  serving     INTEGER NOT NULL DEFAULT 0,
  entry       INTEGER NOT NULL DEFAULT 0, -- the checkpoint: entry, position and latest recorded_at
  pos_commit  INTEGER NOT NULL DEFAULT 0,
  pos_prepare INTEGER NOT NULL DEFAULT 0,
  recorded_at INTEGER NOT NULL DEFAULT 0  -- Unix nanoseconds
) STRICT;

CREATE TABLE tables (
  generation INTEGER NOT NULL,
  view       TEXT    NOT NULL,
  name       TEXT    NOT NULL,
  columns    TEXT    NOT NULL, -- JSON, as the view declared them
  PRIMARY KEY (generation, view)
) STRICT, WITHOUT ROWID;

-- The number of every event, the same in every generation.
CREATE TABLE entries (
  entry       INTEGER PRIMARY KEY,
  pos_commit  INTEGER NOT NULL,
  pos_prepare INTEGER NOT NULL,
  stream      TEXT    NOT NULL,
  version     INTEGER NOT NULL,
  recorded_at INTEGER NOT NULL, -- the latest up to this entry, Unix nanoseconds
  UNIQUE (stream, version)
) STRICT;

CREATE VIEW v_checkpoint AS SELECT ledger, entry, recorded_at / 1000000000 AS recorded_unix FROM generations WHERE serving;
