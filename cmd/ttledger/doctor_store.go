package main

import (
	"context"
	"fmt"
	"strings"

	"ttledger/adapters/esdb"
)

// server checks what keeps the events of a ledger on an event store.
func (d *doctor) server(ctx context.Context, s *esdb.Store) {
	g, err := s.Guard(ctx)
	if err != nil {
		d.find("store", verdictFail, explain(err), "无法检查事件库")
		return
	}
	d.find("store", verdictOK, fmt.Sprintf("EventStoreDB %s; ledger %s, %s", g.Version, d.name, s.LedgerID()), fmt.Sprintf("EventStoreDB %s;账本 %s,%s", g.Version, d.name, s.LedgerID()))
	switch {
	case g.Insecure:
		d.find("acl", verdictWarn, "without TLS there are no users: whoever reaches the event store may delete from it; for development only", "未启用 TLS 即无用户,任何人均可删除;仅限开发使用")
	case g.Hidden:
		d.find("acl", verdictWarn, "the user in --store may not see the default ACL; run this once as an administrator of the event store", "--store 中的用户无权查看默认 ACL;请以事件库管理员身份运行一次")
	case len(g.Open) > 0:
		d.find("acl", verdictFail, "not only administrators may "+strings.Join(g.Open, " and ")+"; an administrator writes to the stream $settings: "+esdb.Guarding, "非管理员也可删除事件流或设置其元数据;请管理员向 $settings 写入:"+esdb.Guarding)
	default:
		d.find("acl", verdictOK, "only administrators of the event store may delete streams or limit them", "只有事件库管理员可删除或限制事件流")
	}
	if n := len(g.Limited); n > 0 {
		d.find("limits", verdictFail, fmt.Sprintf("%d streams have metadata by which events vanish: %s; an administrator removes it", n, strings.Join(g.Limited[:min(n, 10)], "; ")), fmt.Sprintf("%d 个事件流的元数据会使事件消失,请管理员移除", n))
	} else {
		d.find("limits", verdictOK, "no stream of the ledger is limited or deleted", "没有被限制或删除的事件流")
	}
	d.find("no promise", verdictOK, "a follower may answer with what is no longer true, which costs a repeat; an event may be shown before it is replicated and be lost with its node, which stops the read models at its position; an administrator of the event store can delete", "以下无法保证:从节点的读取可能过时;未复制的事件可能先被读到,随后随节点丢失;事件库管理员可以删除")
}
