package httpapi

import (
	"maps"
	"net/http"
	"reflect"
	"slices"
	"strconv"

	"ttledger/domain/ledger"
	"ttledger/domain/trace"
	"ttledger/projections"
)

// routeTexts says what each route is for. Commands, views and reports say so themselves.
var routeTexts = map[string]ledger.Text{
	"index":           {En: "what there is", Zh: "接口目录"},
	"health":          {En: "whether the program runs", Zh: "存活检查"},
	"ready":           {En: "whether it can answer", Zh: "就绪检查"},
	"metrics":         {En: "figures of operation, for Prometheus", Zh: "运行指标(Prometheus)"},
	"openapi":         {En: "this document", Zh: "本文档"},
	"page":            {En: "the catalogue for people, in the reader's language", Zh: "目录页面(按读者语言)"},
	"page-en":         {En: "the catalogue for people, in English", Zh: "目录页面(英文)"},
	"page-zh":         {En: "the catalogue for people, in Chinese", Zh: "目录页面(中文)"},
	"template-en":     {En: "a command as an empty table to fill in and import, labelled in English", Zh: "命令的导入模板(英文标签)"},
	"template-zh":     {En: "a command as an empty table to fill in and import, labelled in Chinese", Zh: "命令的导入模板(中文标签)"},
	"page-style":      {En: "how the catalogue looks", Zh: "目录页面样式"},
	"sign-in":         {En: "begin a browser session with a token", Zh: "以令牌登录(浏览器会话)"},
	"sign-out":        {En: "end the browser session", Zh: "退出登录"},
	"oidc":            {En: "sign in with the issuer of identities", Zh: "通过身份提供方登录"},
	"oidc-callback":   {En: "where the issuer sends the browser back to", Zh: "身份提供方的回调地址"},
	"accesses":        {En: "who read what, in order", Zh: "访问留痕(按序)"},
	"whoami":          {En: "whose token this is and which roles they hold today", Zh: "当前身份与今日角色"},
	"command":         {En: "one command", Zh: "执行命令"},
	"catalogue":       {En: "the commands, with their schemas", Zh: "命令目录(含数据模式)"},
	"catalogue-entry": {En: "one command, with its schema, or as an empty table to fill in and import", Zh: "单个命令(含数据模式),或其导入模板"},
	"approvals":       {En: "what awaits another person's decision, and what was decided", Zh: "待审批与已审批事项"},
	"approval":        {En: "the history of one request: asked, decided, carried out", Zh: "单个审批申请的历史:申请、审批、执行"},
	"stream":          {En: "the history of one thing, oldest first", Zh: "单个对象的历史(由旧到新)"},
	"checkpoint":      {En: "the signed checkpoint of the transparency log (C2SP tlog-checkpoint)", Zh: "透明日志的签署检查点(C2SP)"},
	"checkpoint-keys": {En: "the public keys that sign it and have signed it, the newest first", Zh: "签署检查点的公钥(新者在前)"},
	"entries":         {En: "leaves of the transparency log, 256 at a time (C2SP tlog-tiles)", Zh: "透明日志条目分块(每块 256 条)"},
	"entries-2":       {En: "leaves of the transparency log: a partial or a later tile", Zh: "透明日志条目分块(未满或靠后)"},
	"entries-3":       {En: "leaves of the transparency log: a partial later tile", Zh: "透明日志条目分块(靠后且未满)"},
	"tile":            {En: "hashes of the transparency log, 256 at a time (C2SP tlog-tiles)", Zh: "透明日志哈希分块(每块 256 个)"},
	"tile-2":          {En: "hashes of the transparency log: a partial or a later tile", Zh: "透明日志哈希分块(未满或靠后)"},
	"tile-3":          {En: "hashes of the transparency log: a partial later tile", Zh: "透明日志哈希分块(靠后且未满)"},
	"receipt":         {En: "the proof that an event is in the ledger, valid offline for ever (C2SP tlog-proof)", Zh: "事件入账的证明,可离线长期验证(C2SP)"},
	"events":          {En: "the whole ledger in order", Zh: "按序读取整个账本"},
	"views":           {En: "the read models one may read", Zh: "可读的视图"},
	"view":            {En: "the rows of a read model", Zh: "视图各行"},
	"view-row":        {En: "one row of a read model", Zh: "视图单行"},
	"subject":         {En: "what is held of a person, where and until when; opened for a purpose, which is recorded", Zh: "所存个人信息、存放位置与期限;须有目的方可查看,并留下记录"},
	"search":          {En: "words in names, titles and codes, wherever one may read", Zh: "在可读的名称、标题与编号中检索"},
	"reports":         {En: "the reports one may read", Zh: "可读的报表"},
	"report":          {En: "a standard report", Zh: "标准报表"},
	"report-file":     {En: "a report made into a file that is kept, to be issued", Zh: "生成并保存报表文件,以备签发"},
	"issued":          {En: "an issued report, as the file it was", Zh: "已签发报表的原文件"},
}

// The schemas that most fields have.
var (
	aString   = tree{"type": "string"}
	anInteger = tree{"type": "integer"}
	aBoolean  = tree{"type": "boolean"}
)

// plain completes an operation that a route has by itself.
func (a *api) plain(o operation) operation {
	commandFields := tree{
		"aggregate": aString, "verb": aString, "title": ref("schemas", "Text"), "help": ref("schemas", "Text"), "roles": list(ref("schemas", "NamedRole")),
		"four_eyes": aBoolean, "creates": aBoolean, "route": aString, "schema": tree{"type": "object"},
		"columns": list(answerOf[column]()),
	}
	act := tree{"act": tree{"type": "object"}}
	columns := list(ref("schemas", "Column"))
	switch o.name {
	case "index":
		o.content = inJSON(record(tree{"name": aString, "version": aString, "links": list(aString)}))
	case "health":
		o.content = inJSON(record(tree{"status": aString}))
	case "ready":
		o.status = []int{http.StatusOK, http.StatusServiceUnavailable}
		o.content = inJSON(record(tree{"status": aString, "checks": list(answerOf[Check]())}))
	case "metrics":
		o.content, o.problems = inMedia("text/plain", aString), []int{404}
	case "openapi":
		o.content, o.headers = inJSON(tree{"type": "object"}), []string{"ETag"}
	case "page":
		o.status, o.headers = []int{http.StatusSeeOther}, []string{"Location"}
	case "page-en", "page-zh":
		o.content, o.headers = inMedia("text/html", aString), []string{"ETag"}
	case "template-en", "template-zh":
		o.content, o.headers, o.problems = inMedia(mediaTypes[formatCSV], aString), []string{"Content-Disposition"}, []int{404}
	case "page-style":
		o.content, o.headers = inMedia("text/css", aString), []string{"ETag"}
	case "sign-in":
		o.body, o.headers, o.problems = schemaOf(reflect.TypeFor[signInBody]()), []string{"Set-Cookie"}, []int{401, 403, 413, 415, 503}
		o.content = inJSON(ref("schemas", "Self"))
	case "sign-out":
		o.status, o.headers, o.problems = []int{http.StatusNoContent}, []string{"Set-Cookie"}, []int{403}
	case "oidc":
		o.status, o.headers, o.problems = []int{http.StatusSeeOther}, []string{"Location", "Set-Cookie"}, []int{403, 404, 503}
	case "oidc-callback":
		o.status, o.headers, o.problems = []int{http.StatusSeeOther}, []string{"Location", "Set-Cookie"}, []int{401, 403, 404, 503}
		o.params = []string{"code", "state"}
	case "checkpoint", "checkpoint-keys":
		o.content, o.headers, o.problems = inMedia("text/plain", aString), []string{"ETag"}, []int{404}
	case "entries", "entries-2", "entries-3", "tile", "tile-2", "tile-3":
		o.content, o.problems = inMedia(tileType, tree{"type": "string", "format": "binary"}), []int{404}
	case "receipt":
		o.content, o.headers, o.problems = inMedia("text/plain", aString), []string{"Content-Disposition"}, []int{404}
	case "accesses":
		o.params, o.headers = []string{"after", "limit", "actor", "day"}, []string{"Link"}
		o.content = inJSON(record(tree{"accesses": list(answerOf[trace.Access]()), "next": aString}, "next"))
	case "whoami":
		o.content = inJSON(ref("schemas", "Self"))
	case "catalogue":
		o.content = inJSON(record(merge(act, tree{"commands": list(record(commandFields))})))
	case "catalogue-entry":
		o.params, o.headers, o.problems = []string{"template-format"}, []string{"Content-Disposition"}, []int{404, 406}
		o.content = merge(inJSON(record(merge(act, commandFields))), inMedia(mediaTypes[formatCSV], aString))
	case "stream", "approval":
		o.params = append([]string{"as-of", "known-at", "changes", "since-as-of", "since-known-at", "actor", "type", "policy", "from", "to"}, settledParams...)
		o.headers, o.problems = append([]string{"ETag"}, settledHeaders...), []int{404}
		o.params, o.problems = append(o.params, "stream-format"), append(o.problems, 406)
		o.content = merge(inJSON(record(tree{"stream": aString, "version": anInteger, "events": list(ref("schemas", "Event")), "since": answerOf[compared]()}, "since")), cloudEvents())
	case "events":
		o.params = append([]string{"after", "limit", "type", "stream", "actor", "known-at", "events-format", "Last-Event-ID"}, settledParams...)
		o.headers, o.problems = append([]string{"Link"}, settledHeaders...), []int{406, 429}
		o.content = merge(inJSON(record(tree{"events": list(ref("schemas", "Event")), "next": aString}, "next")),
			cloudEvents(), inMedia(mediaTypes[formatLive], aString))
	case "views":
		o.content = inJSON(record(tree{"views": list(record(tree{"name": aString, "version": anInteger, "title": ref("schemas", "Text"), "route": aString, "columns": columns}))}))
	case "subject":
		o.params, o.headers, o.problems = settledParams, settledHeaders, []int{404, 409, 422}
		o.own = subjectParams()
		o.content = inJSON(answerOf[subjectAnswer]())
	case "search":
		o.params, o.headers = append([]string{"q", "search-limit", "as-of", "known-at"}, settledParams...), settledHeaders
		o.content = inJSON(record(footed(tree{"hits": list(record(tree{
			"view": aString, "title": ref("schemas", "Text"), "key": aString, "route": aString, "row": tree{"type": "object"},
		}))})))
	case "issued":
		o.params, o.headers, o.problems = settledParams, append([]string{"Content-Disposition", "ETag"}, settledHeaders...), []int{404}
		o.content = inMedia("application/octet-stream", aString)
	case "reports":
		o.content = inJSON(record(tree{"reports": list(record(tree{
			"code": aString, "title": ref("schemas", "Text"), "formula": aString, "route": aString, "params": list(answerOf[projections.Param]()), "columns": columns,
		}))}))
	}
	return o
}

// parameters is what several operations take, by the name the document refers to them by.
func (a *api) parameters() tree {
	all := tree{}
	add := func(key, in, name string, schema tree, required bool, en, zh string) {
		all[key] = described(tree{"name": name, "in": in, "schema": schema, "required": required}, ledger.Text{En: en, Zh: zh})
	}
	var categories, verbs []string
	for _, c := range a.commands {
		categories, verbs = append(categories, c.Aggregate), append(verbs, c.Verb)
	}
	for _, g := range a.Ledger.Aggregates {
		categories = append(categories, g.Category) // of which some have no commands
	}
	categories, verbs = distinct(categories), distinct(verbs)
	moment := tree{"type": "string", "pattern": datePattern}
	id := tree{"type": "string", "format": "uuid"}
	natural := tree{"type": "integer", "minimum": 0}
	add("id", "path", "id", id, true, "id of the thing, chosen by the client", "对象标识,由客户端选定")
	add("aggregate", "path", "aggregate", oneOf(categories...), true, "kind of thing", "对象类别")
	add("verb", "path", "verb", oneOf(verbs...), true, "what to do", "命令")
	add("key", "path", "key", aString, true, "key of the row", "行键")
	add("event", "path", "event", id, true, "id of the event", "事件标识")
	add("level", "path", "level", aString, true, "level of tiles, from 0", "分块层级,从 0 起")
	add("n", "path", "n", aString, true, "number of the tile, in three digits: 017, x001 before 234, 017.p before a width", "分块序号,三位数字")
	add("m", "path", "m", aString, true, "its last digits, or the width of a partial tile", "序号末段,或未满分块的宽度")
	add("w", "path", "w", aString, true, "the width of a partial tile", "未满分块的宽度")
	add("as-of", "query", "as-of", moment, false, "T: what was true by the end of this day, month or year; today where absent", "业务时点 T:截至该日(月、年)末的情况;缺省为今天")
	add("known-at", "query", "known-at", aString, false, "K: what was recorded up to this entry number or instant; now where absent", "入账时点 K:截至该入账序号或时刻;缺省为现在")
	add("format", "query", "format", oneOf("json", "ndjson", "csv", "xlsx"), false, "form of the answer; wins over Accept", "输出格式,优先于 Accept")
	add("template-format", "query", "format", oneOf("json", "csv"), false, "form of the answer; csv is the command's template, and wins over Accept", "输出格式,优先于 Accept;csv 为命令的导入模板")
	add("stream-format", "query", "format", oneOf("json", "cloudevents-batch", "cloudevents"), false, "form of the answer; wins over Accept", "输出格式,优先于 Accept")
	add("events-format", "query", "format", oneOf("json", "ndjson", "cloudevents-batch", "cloudevents", "live"), false, "form of the answer; wins over Accept", "输出格式,优先于 Accept")
	add("bom", "query", "bom", oneOf("0", "1"), false, "byte order mark of CSV; 1 where absent", "CSV 字节顺序标记,缺省为 1")
	add("header", "query", "header", oneOf("keys", "labels"), false, "first line of CSV: names or labels", "CSV 表头:列名或标签")
	add("sort", "query", "sort", aString, false, "columns, separated by commas; - before one turns it round", "排序列,以逗号分隔;降序加 -")
	add("limit", "query", "limit", tree{"type": "integer", "minimum": 1}, false, "rows or events at most; a page of JSON has its own bound", "最多行数或事件数;JSON 分页另有上限")
	add("q", "query", "q", tree{"type": "string", "maxLength": maxSearch}, true, "words, each of which must be found", "检索词,须全部命中")
	add("search-limit", "query", "limit", tree{"type": "integer", "minimum": 1, "maximum": 100}, false, "hits at most in each view; 20 where absent", "每个视图最多命中数,缺省为 20")
	add("cursor", "query", "cursor", aString, false, "where the page before ended, as its next says", "上一页末尾,取自其 next")
	add("after", "query", "after", natural, false, "entry number to go on after", "自该入账序号之后")
	add("type", "query", "type", list(aString), false, "stored names of events, any of them", "事件名称(任一)")
	add("stream", "query", "stream", list(aString), false, "streams, any of them", "事件流(任一)")
	add("actor", "query", "actor", list(aString), false, "handles, any of them", "操作主体账号(任一)")
	add("changes", "query", "changes", oneOf("0", "1"), false, "1 tells with each event what it changed in the state, before and after", "1 表示逐条列出其改变的状态(变更前后)")
	add("since-as-of", "query", "since-as-of", moment, false, "hold the state against that as of then", "与该业务时点的状态比较")
	add("since-known-at", "query", "since-known-at", aString, false, "hold the state against that as known then", "与该入账时点的状态比较")
	add("policy", "query", "policy", list(aString), false, "codes of policies decided under, any of them", "所依据政策的代码(任一)")
	add("from", "query", "from", moment, false, "what occurred on this day or later", "业务发生日自该日起")
	add("to", "query", "to", moment, false, "what occurred by the end of this day, month or year", "业务发生日至该日(月、年)末")
	add("day", "query", "day", tree{"type": "string", "format": "date"}, false, "of one day", "仅限某日")
	add("code", "query", "code", aString, false, "what the issuer gave", "身份提供方给出的授权码")
	add("state", "query", "state", aString, false, "what the sign-in began with", "登录开始时的 state")
	add("Idempotency-Key", "header", "Idempotency-Key", aString, true, "a UUID, bare or quoted: new for each command, the same when it is sent again", "UUID(可带引号):每个命令用新值,重发时用原值")
	add("If-Match", "header", "If-Match", aString, true, "the ETag one decided on, or * to waive it", "所依据的 ETag,或 * 放弃检查")
	add("If-Match-New", "header", "If-Match", aString, false, "not needed: the command begins a stream", "不需要:该命令新建事件流")
	add("Last-Event-ID", "header", "Last-Event-ID", aString, false, "entry a live feed goes on after", "实时推送自该入账序号之后继续")
	add("Prefer", "header", "Prefer", aString, false, "return=minimal, or wait=<seconds> for read models", "return=minimal,或 wait=<秒> 等待读模型")
	add("traceparent", "header", "traceparent", aString, false, "W3C trace context; its trace id is recorded", "W3C 追踪上下文,其追踪号随事件入账")
	add("Ledger-Min-Position", "header", "Ledger-Min-Position", aString, false, "answer no earlier state than this position", "结果不得早于该账本位置")
	add("Accept-Language", "header", "Accept-Language", aString, false, "en or zh-CN, for messages and labels", "消息与标签的语言:en 或 zh-CN")
	add("Request-Id", "header", "Request-Id", aString, false, "an id of the client's own for this request", "客户端自定的请求编号")
	return all
}

// successTexts is what the statuses of an answer mean that is no refusal.
var successTexts = map[int]ledger.Text{
	http.StatusOK:                 {En: "done, or here it is", Zh: "成功"},
	http.StatusCreated:            {En: "the stream was begun", Zh: "已新建事件流"},
	http.StatusAccepted:           {En: "asked for; another person decides", Zh: "已提交申请,待他人审批"},
	http.StatusNoContent:          {En: "done; the headers say what", Zh: "成功,详见响应头"},
	http.StatusSeeOther:           {En: "it is elsewhere", Zh: "请转至 Location"},
	http.StatusServiceUnavailable: {En: "not ready", Zh: "未就绪"},
}

// headers is what answers carry.
func headers() tree {
	all := tree{}
	for name, about := range map[string]ledger.Text{
		"Request-Id":           {En: "id of the request, in the log too", Zh: "请求编号,日志中亦可查"},
		"ETag":                 {En: "version of the stream or document", Zh: "事件流或文档的版本"},
		"Location":             {En: "where it is", Zh: "所在地址"},
		"Link":                 {En: "the next page, where there is one", Zh: "下一页(如有)"},
		"Ledger-Position":      {En: "of what was written, or of the read models answered from", Zh: "写入位置,或所读模型的位置"},
		"Ledger-Entry":         {En: "entry number the read models stood at", Zh: "读模型所在的入账序号"},
		"Ledger-As-Of":         {En: "T of an export", Zh: "导出的业务时点 T"},
		"Ledger-Known-At":      {En: "K of an export", Zh: "导出的入账时点 K"},
		"Ledger-Checkpoint":    {En: "checkpoint of the transparency log: origin, entries, root", Zh: "透明日志检查点:来源、条数、根"},
		"Ledger-Formula":       {En: "the formula of a report and its version", Zh: "报表的公式及版本"},
		"Idempotency-Replayed": {En: "true where the answer is from the record", Zh: "依记录作答时为 true"},
		"Preference-Applied":   {En: "which preference was met", Zh: "已采纳的偏好"},
		"Content-Disposition":  {En: "file name of an export", Zh: "导出文件名"},
		"Set-Cookie":           {En: "the session's cookie", Zh: "会话 Cookie"},
		"RateLimit":            {En: "requests left, and seconds until all are", Zh: "剩余请求数及恢复秒数"},
		"RateLimit-Policy":     {En: "requests, and in how many seconds", Zh: "请求配额及窗口秒数"},
		"Retry-After":          {En: "seconds to wait before another try", Zh: "重试前应等待的秒数"},
		"WWW-Authenticate":     {En: "how to say who you are", Zh: "身份验证方式"},
	} {
		all[name] = described(tree{"schema": aString}, about)
	}
	return all
}

// refusals is the problem documents by status, from the one table of kinds and what stands
// beside it.
func refusals() tree {
	titles := map[int]ledger.Text{
		http.StatusNotAcceptable:        {En: "not to be had in that form", Zh: "无法以该格式提供"},
		http.StatusPreconditionFailed:   {En: "the version named is not the present one; what happened since is told", Zh: "所指版本已非当前版本;附此后的事件"},
		http.StatusUnsupportedMediaType: {En: "the body is not JSON", Zh: "请求正文不是 JSON"},
	}
	for _, k := range kinds {
		titles[k.status] = k.title
	}
	all := tree{}
	for status, title := range titles {
		more := tree{"Request-Id": ref("headers", "Request-Id")}
		switch status {
		case http.StatusUnauthorized:
			more["WWW-Authenticate"] = ref("headers", "WWW-Authenticate")
		case http.StatusTooManyRequests, http.StatusServiceUnavailable:
			more["Retry-After"] = ref("headers", "Retry-After")
		}
		all[number(status)] = described(tree{"headers": more, "content": inMedia(problemType, ref("schemas", "Problem"))}, title)
	}
	return all
}

// answers is the schemas that several answers share.
func (a *api) answers() tree {
	recorded := answerOf[event]()
	recorded.Properties.Set("metadata", answerOf[ledger.Metadata]())
	all := tree{
		"Self":    record(tree{"handle": aString, "roles": list(ref("schemas", "NamedRole")), "token": aString, "expires": aString}, "token", "expires"),
		"Problem": answerOf[problem](), "Receipt": answerOf[result](), "Event": recorded,
		"Checkpoint": answerOf[checkpoint](), "Column": answerOf[projections.Column](), "NamedRole": answerOf[namedRole](), "Text": answerOf[ledger.Text](),
	}
	for _, v := range a.Views {
		key := projections.Column{Name: "key", Type: projections.TypeText, Label: ledger.Text{En: "key", Zh: "键"}}
		all["Row-"+v.Name] = rowSchema(slices.Concat([]projections.Column{key}, v.Columns))
	}
	return all
}

// cloudEvents is events in the forms of CloudEvents 1.0: a batch, and one a line.
func cloudEvents() tree {
	return merge(inMedia(mediaTypes[formatBatch], list(tree{"type": "object"})), inMedia(mediaTypes[formatCloudEvents], aString))
}

// rowSchema is the schema of a row with these columns.
func rowSchema(columns []projections.Column) tree {
	fields := tree{}
	for _, c := range columns {
		fields[c.Name] = described(columnSchema(c.Type), c.Label)
	}
	return record(fields)
}

// columnSchema is the schema of a value, which may be absent in every column.
func columnSchema(t projections.ColumnType) tree {
	switch t {
	case projections.TypeInteger:
		return tree{"type": []string{"integer", "null"}}
	case projections.TypeBoolean:
		return tree{"type": []string{"boolean", "null"}}
	case projections.TypeDate:
		return tree{"type": []string{"string", "null"}, "pattern": datePattern}
	case projections.TypeTime:
		return tree{"type": []string{"string", "null"}, "format": "date-time"}
	case projections.TypeDecimal:
		return tree{"type": []string{"string", "null"}, "pattern": `^-?[0-9]+\.[0-9]$`}
	case projections.TypeNumber:
		return tree{"type": []string{"string", "null"}, "pattern": `^-?[0-9]+(\.[0-9]+)?$`}
	case projections.TypeJSON:
		return tree{"type": []string{"array", "object", "string", "number", "boolean", "null"}}
	}
	return tree{"type": []string{"string", "null"}}
}

// footed adds what every answer of a read model ends with.
func footed(fields tree) tree {
	return merge(fields, tree{"as_of": aString, "known_at": anInteger, "checkpoint": ref("schemas", "Checkpoint")})
}

// sheet is a view or a report in the forms it can take.
func sheet(page tree) tree {
	return merge(inJSON(page), inMedia(mediaTypes[formatNDJSON], aString), inMedia(mediaTypes[formatCSV], aString), inMedia(mediaTypes[formatXLSX], aString))
}

// record is an object with these fields, all required but the optional ones.
func record(fields tree, optional ...string) tree {
	required := slices.DeleteFunc(slices.Sorted(maps.Keys(fields)), func(name string) bool { return slices.Contains(optional, name) })
	return tree{"type": "object", "properties": fields, "required": required}
}

func list(items any) tree { return tree{"type": "array", "items": items} }

func oneOf(choices ...string) tree { return tree{"type": "string", "enum": choices} }

func inJSON(schema any) tree { return inMedia(mediaTypes[formatJSON], schema) }

func inMedia(media string, schema any) tree { return tree{media: tree{"schema": schema}} }

func ref(section, name string) tree { return tree{"$ref": "#/components/" + section + "/" + name} }

func merge(parts ...tree) tree {
	all := tree{}
	for _, p := range parts {
		maps.Copy(all, p)
	}
	return all
}

func described(t tree, about ledger.Text) tree {
	if about.En != "" {
		t["description"], t[inChinese] = about.En, about.Zh
	}
	return t
}

func distinct(names []string) []string {
	slices.Sort(names)
	return slices.Compact(names)
}

func number(n int) string { return strconv.Itoa(n) }
