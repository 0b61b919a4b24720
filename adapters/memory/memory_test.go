package memory_test

import (
	"testing"

	"ttledger/adapters/memory"
	"ttledger/adapters/storetest"
)

func TestStore(t *testing.T) {
	storetest.Run(t, func(*testing.T) storetest.Store { return memory.New(storetest.Clock()) })
}
