package main

import (
	"fmt"
	"io"
	"os"
	"time"

	"github.com/schollz/progressbar/v3"
	"golang.org/x/term"
)

// steps shows how far something long is: a bar at a terminal, else a line now and then.
func steps(w io.Writer, what string) func(done, total int) {
	var last time.Time
	if f, ok := w.(*os.File); ok && term.IsTerminal(int(f.Fd())) {
		var bar *progressbar.ProgressBar
		return func(done, total int) {
			if bar == nil {
				bar = progressbar.NewOptions(total, progressbar.OptionSetWriter(w), progressbar.OptionShowCount(), progressbar.OptionShowIts(), progressbar.OptionSetItsString(what), progressbar.OptionClearOnFinish())
			}
			if done%1024 != 0 && done != total {
				return
			}
			if total != bar.GetMax() {
				bar.ChangeMax(total)
			}
			_ = bar.Set(done) // a bar that cannot be drawn is no reason to stop
		}
	}
	last = time.Now()
	return func(done, total int) {
		if done%1024 != 0 {
			return
		}
		if now := time.Now(); now.Sub(last) >= 2*time.Second {
			last = now
			fmt.Fprintf(w, "%d of %d %s\n", done, total, what)
		}
	}
}
