package webui

import (
	"reflect"
	"slices"
	"strings"

	"ttledger/domain/ledger"
	"ttledger/projections"
)

// labels is what fields are called, by category and name and by name alone. They come from the
// tags of the commands and from the columns of the read models: what was named there once is
// called so wherever it shows, in events and states too.
type labels map[string]ledger.Text

func labelsOf(aggregates []ledger.Aggregate, views []projections.View) labels {
	l := labels{}
	for _, v := range views {
		for _, c := range v.Columns {
			l.enter(v.Of.Category, c.Name, c.Label)
		}
	}
	for _, g := range aggregates {
		for _, v := range g.Verbs {
			l.walk(g.Category, "", v.Data, nil)
		}
	}
	l.walk("", "", reflect.TypeFor[ledger.Act](), nil)
	for name, label := range envelope {
		l["/"+name] = label
	}
	return l
}

func (l labels) enter(category, name string, label ledger.Text) {
	if _, known := l[category+"/"+name]; !known && label.En != "" {
		l[category+"/"+name] = label
	}
	if _, known := l["/"+name]; !known && label.En != "" {
		l["/"+name] = label
	}
}

// walk enters the fields of a type of a command, and of what is in it: a code of a milestone is
// called otherwise than that of its project.
func (l labels) walk(category, in string, t reflect.Type, above []reflect.Type) {
	for t.Kind() == reflect.Pointer || t.Kind() == reflect.Slice {
		t = t.Elem()
	}
	if t.Kind() != reflect.Struct || slices.Contains(above, t) {
		return
	}
	for _, f := range reflect.VisibleFields(t) {
		name, _, _ := strings.Cut(f.Tag.Get("json"), ",")
		if name == "" || name == "-" {
			continue
		}
		label := ledger.Text{En: f.Tag.Get("en"), Zh: f.Tag.Get("zh")}
		l.enter(category, name, label)
		if in != "" && label.En != "" {
			l[category+"/"+in+"."+name] = label
		}
		l.choices(name, f.Tag.Get("enum"), label)
		l.walk(category, trimPlural(name), f.Type, append(above, t))
	}
}

// choices enters what the codes of a field are called, where its help lists them in their order:
// "go, hold, recycle or kill", 通过、暂缓、返修或终止.
func (l labels) choices(name, enum string, label ledger.Text) {
	codes := strings.Split(enum, ",")
	zh, en := listed(label.Zh), listed(label.En)
	if enum == "" || len(zh) != len(codes) {
		return
	}
	for i, code := range codes {
		t := ledger.Text{En: strings.NewReplacer("-", " ", "_", " ").Replace(code), Zh: zh[i]}
		if len(en) == len(codes) {
			t.En = en[i]
		}
		for _, key := range []string{trimPlural(name) + ":" + code, ":" + code} {
			if _, known := l[key]; !known {
				l[key] = t
			}
		}
	}
}

// listed is the items of a list in a sentence, without what introduces or follows it.
func listed(text string) []string {
	for _, begin := range []string{":", ":"} {
		if _, rest, ok := strings.Cut(text, begin); ok {
			text = rest
		}
	}
	text, _, _ = strings.Cut(text, "(")
	text, _, _ = strings.Cut(text, " (")
	var list []string
	for item := range strings.SplitSeq(strings.NewReplacer("或", "、", ", ", "、", " or ", "、").Replace(text), "、") {
		list = append(list, strings.TrimSpace(item))
	}
	return list
}

// of is what a field of a category is called in a language, in what it stands in; its own name where
// nobody named it.
func (l labels) of(lang, category, in, name string) string {
	for _, key := range []string{category + "/" + in + "." + name, category + "/" + name, "/" + name} {
		if label, ok := l[key]; ok {
			return short(say(lang, label))
		}
	}
	return strings.ReplaceAll(name, "_", " ")
}

// short is a label without the help that commands write behind it.
func short(label string) string {
	if i := strings.IndexAny(label, ";;::"); i > 0 {
		label = label[:i]
	}
	for _, begin := range []string{", such as", ",如", " (", "("} {
		if i := strings.Index(label, begin); i > 0 {
			label = label[:i]
		}
	}
	return strings.TrimSpace(label)
}

// envelope is what the fields of an event's envelope are called.
var envelope = map[string]ledger.Text{
	"ledger": {En: "ledger", Zh: "账本"}, "command": {En: "command (idempotency key)", Zh: "命令(幂等键)"}, "digest": {En: "digest of the request", Zh: "请求摘要"},
	"actor": {En: "actor", Zh: "操作主体"}, "role": {En: "role", Zh: "角色"}, "on_behalf_of": {En: "on behalf of", Zh: "代何人"}, "authority": {En: "authority", Zh: "授权依据"},
	"correlation": {En: "affair", Zh: "关联事项"}, "causation": {En: "caused by event", Zh: "起因事件"}, "trace": {En: "trace id", Zh: "链路标识"},
	"occurred_on": {En: "occurred on", Zh: "业务发生日"}, "recorded_at": {En: "recorded at", Zh: "入账时间"}, "policy": {En: "policy", Zh: "政策依据"},
	"approval": {En: "approval", Zh: "审批"}, "evidence": {En: "evidence", Zh: "佐证材料"}, "source": {En: "source", Zh: "来源"}, "corrects": {En: "corrects event", Zh: "更正的事件"},
	"reason": {En: "reason", Zh: "原因代码"}, "subjects": {En: "persons whose keys seal it", Zh: "密钥所属人员"}, "relied_on": {En: "relied on", Zh: "所依据的其他事件流"},
	"stream": {En: "stream", Zh: "事件流"}, "version": {En: "version", Zh: "版本"}, "kind": {En: "kind", Zh: "类型"}, "batch": {En: "file digest", Zh: "文件摘要"}, "row": {En: "line", Zh: "行号"},
	"alg": {En: "algorithm", Zh: "算法"}, "media_type": {En: "media type", Zh: "媒体类型"}, "name": {En: "name", Zh: "名称"}, "code": {En: "code", Zh: "代码"}, "clause": {En: "clause", Zh: "条款"},
	"zh": {En: "Chinese", Zh: "中文"}, "en": {En: "English", Zh: "英文"}, "sealed": {En: "sealed text", Zh: "密文"}, "subject": {En: "subject", Zh: "对象"},
	"next_gate": {En: "gate to be decided next", Zh: "下一评审关口"}, "on_hold": {En: "on hold", Zh: "暂缓"}, "prepared": {En: "who prepared it", Zh: "经办人"}, "decided": {En: "who decided", Zh: "决定人"},
	"proposed_by": {En: "proposed by", Zh: "申报人"}, "links": {En: "links", Zh: "关联"}, "results": {En: "results", Zh: "结果"}, "stage": {En: "stage", Zh: "阶段"},
}
