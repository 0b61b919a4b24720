package sqlite

import (
	"os"
)

// relieve asks for a checkpoint once the log has grown, and now and then begins the log anew: to
// write over a file costs less than to make it longer.
//
// idle says that no checkpoint ran when the last commit began. It must hold: SQLite before
// 3.51.3 can corrupt a file where a checkpoint that has nothing left to do meets the commit that
// starts the log anew (the WAL-reset bug). If none ran since before a commit, that commit is
// still to be copied, so this checkpoint has something to do and the log cannot start anew.
func (s *Store) relieve(idle bool) {
	if !idle || s.grown < checkpointPages {
		return
	}
	s.logged += s.grown
	s.grown = 0
	if s.logged >= restartPages {
		s.logged = 0
		s.restartErr = s.restart()
		return
	}
	s.checkpointing.Store(true)
	s.checkpoint <- struct{}{}
}

// restart copies the whole log and has the next commit write it from its beginning; a log that
// readers made long is cut. Readers in the log may prevent it for now.
func (s *Store) restart() error {
	if info, err := os.Stat(s.path + "-wal"); err == nil && info.Size() > logBoundBytes {
		return s.empty("TRUNCATE")
	}
	return s.empty("RESTART")
}

func (s *Store) empty(mode string) error {
	s.writer.SetBusyTimeout(restartWait)
	defer s.writer.SetBusyTimeout(lockWait)
	return execute(s.writer, "PRAGMA wal_checkpoint("+mode+")")
}

// runCheckpoints copies the log into the file whenever it is asked to, beside the writer. An
// error loses nothing: the log keeps it all, and Close reports.
func (s *Store) runCheckpoints() {
	for range s.checkpoint {
		s.checkpointErr = execute(s.checkpointer, "PRAGMA wal_checkpoint(PASSIVE)")
		s.checkpointing.Store(false)
	}
}
