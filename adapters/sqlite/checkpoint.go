package sqlite

import (
	"os"
)

// relieve asks for a checkpoint once the log has grown, or empties it where that was not enough.
//
// idle says that no checkpoint ran when the last commit began. It must hold: SQLite before
// 3.51.3 can corrupt a file where a checkpoint that has nothing left to do meets the commit that
// starts the log anew (the WAL-reset bug). If none ran since before a commit, that commit is
// still to be copied, so this checkpoint has something to do and the log cannot start anew.
func (s *Store) relieve(idle bool) {
	if !idle || s.grown < checkpointPages {
		return
	}
	s.grown = 0
	if info, err := os.Stat(s.path + "-wal"); err == nil && info.Size() > logBoundBytes {
		s.truncateErr = s.truncate()
		return
	}
	s.checkpointing.Store(true)
	s.checkpoint <- struct{}{}
}

// truncate empties the log from the writer's side. Readers in the log may prevent it for now.
func (s *Store) truncate() error {
	s.writer.SetBusyTimeout(truncateWait)
	defer s.writer.SetBusyTimeout(lockWait)
	return execute(s.writer, "PRAGMA wal_checkpoint(TRUNCATE)")
}

// runCheckpoints copies the log into the file whenever it is asked to, beside the writer. An
// error loses nothing: the log keeps it all, and Close reports.
func (s *Store) runCheckpoints() {
	for range s.checkpoint {
		s.checkpointErr = execute(s.checkpointer, "PRAGMA wal_checkpoint(PASSIVE)")
		s.checkpointing.Store(false)
	}
}
