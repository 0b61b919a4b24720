//go:build !linux && !darwin

package main

import (
	"errors"
	"time"
)

func diskSpace(string) (free, total uint64, err error) { return 0, 0, errors.ErrUnsupported }

// used is not known here.
func used() (processor time.Duration, peak int64) { return 0, 0 }
