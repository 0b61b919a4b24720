package main

import (
	"context"
	"errors"
	"fmt"
	"io/fs"

	"ttledger/adapters/tlog"
)

// proof holds the ledger against its transparency log. What it finds is for `ttledger verify` to tell
// in full.
func (d *doctor) proof(ctx context.Context, open *directory) {
	const more = "; `ttledger verify` tells all of it. Stop writing, and keep the directory as it is"
	if _, err := open.proofs().Checkpoint(ctx); errors.Is(err, fs.ErrNotExist) {
		d.find("log", verdictOK, "nothing is signed yet; a server that seals the ledger does it at its start", "尚未签署;负责签署的服务启动后自动进行")
		return
	}
	out, err := tlog.Audit{Ledger: open.store.LedgerID(), Log: open.proofs().Get, Events: upToNow(ctx, open.store)}.Run(ctx)
	switch {
	case err != nil:
		d.find("log", verdictFail, err.Error(), "无法核对透明日志")
	case out.Differences > 0:
		f := out.Findings[0]
		d.find("log", verdictFail, fmt.Sprintf("the ledger and its transparency log differ in %d places, the first at entry %d: %s", out.Differences, f.Entry, f.What)+more, fmt.Sprintf("账本与透明日志有 %d 处不一致;详情请运行 ttledger verify,停止写入并保留现场", out.Differences))
	default:
		d.find("log", verdictOK, fmt.Sprintf("signed to entry %d, which the ledger bears out", out.Sealed), fmt.Sprintf("已签署至第 %d 条,与账本一致", out.Sealed))
	}
}
