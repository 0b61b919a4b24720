package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/gofrs/flock"
	"github.com/spf13/cobra"
	"zombiezen.com/go/sqlite"
	"zombiezen.com/go/sqlite/sqlitex"

	"ttledger/adapters/esdb"
	"ttledger/adapters/vault"
	"ttledger/domain/ledger"
	"ttledger/projections"
)

// The verdicts of a check. Only a failure makes the command fail.
const (
	verdictOK   = "ok"
	verdictWarn = "warn"
	verdictFail = "fail"
)

// finding is one line of `ttledger doctor`: how a check went, and what to do.
type finding struct {
	Check   string      `json:"check"`
	Verdict string      `json:"verdict"`
	Detail  ledger.Text `json:"detail"`
}

func doctorCommand() *cobra.Command {
	var at place
	var asJSON bool
	c := &cobra.Command{
		Use:   "doctor",
		Short: "check a data directory and say what to do 体检",
		Long:  "Checks a data directory: modes, lock, disk, format and pages of both files, every stored event, the\nclock and the read models. It changes nothing and can run beside a server. Exit 1 where a check fails.",
		Args:  cobra.NoArgs,
		RunE: func(c *cobra.Command, _ []string) error {
			if at.data == "" {
				return errNoData
			}
			d := doctor{place: at, now: time.Now}
			d.examine(c.Context())
			return d.print(c.OutOrStdout(), asJSON)
		},
	}
	at.flags(c, "data directory")
	c.Flags().BoolVar(&asJSON, "json", false, "one JSON object a line")
	return c
}

// doctor examines a directory. Each of its checks adds a finding.
type doctor struct {
	place
	now      func() time.Time
	findings []finding
	served   bool // another process holds the lock
}

func (d *doctor) file(name string) string { return filepath.Join(d.data, name) }

func (d *doctor) find(check, verdict, en, zh string) {
	d.findings = append(d.findings, finding{check, verdict, ledger.Text{En: en, Zh: zh}})
}

func (d *doctor) print(w io.Writer, asJSON bool) error {
	failed := 0
	for _, f := range d.findings {
		if f.Verdict == verdictFail {
			failed++
		}
		var err error
		if asJSON {
			err = json.NewEncoder(w).Encode(f)
		} else {
			_, err = fmt.Fprintf(w, "%-4s  %-12s %s / %s\n", f.Verdict, f.Check, f.Detail.En, f.Detail.Zh)
		}
		if err != nil {
			return err
		}
	}
	if failed > 0 {
		return fmt.Errorf("%d of %d checks failed", failed, len(d.findings))
	}
	return nil
}

func (d *doctor) examine(ctx context.Context) {
	if _, err := os.Stat(d.file("ledger.db")); err != nil && !d.elsewhere() {
		d.find("directory", verdictFail, fmt.Sprintf("there is no ledger here (%v); check --data, or restore a backup", err), "此处没有账本;请检查 --data,或从备份恢复")
		return
	}
	d.modes()
	d.lock()
	d.space()
	models := d.models(ctx)
	if e, ok := d.ledger(ctx, models.entry); ok {
		d.compare(models, e)
		d.vault(e)
	}
}

// modes checks that secrets and the record are their owner's only. Below a directory that is
// closed itself nobody else gets at the other files.
func (d *doctor) modes() {
	open := func(names ...string) (found []string) {
		for _, name := range names {
			if info, err := os.Stat(d.file(name)); err == nil && info.Mode().Perm()&0o077 != 0 {
				found = append(found, name)
			}
		}
		return found
	}
	if _, err := os.ReadFile(d.file("keys/digest.key")); err != nil {
		d.find("keys", verdictFail, fmt.Sprintf("%v; without it no repeat is told from a new request: restore it from the backup of keys/", err), "缺少 keys/digest.key 或无法读取,请从 keys/ 的备份恢复")
	}
	wrong := open("keys", "keys/digest.key", "keys/master.key", "keys/log.key", "vault.db", "ledger.db", "ledger.db-wal", "ledger.db-shm", "trace.db", "trace.db-wal", "trace.db-shm", markerFile)
	switch {
	case len(wrong) > 0:
		list := strings.Join(wrong, " ")
		d.find("modes", verdictFail, "open to others: "+list+"; chmod go= them", "他人可访问:"+list+";请执行 chmod go=")
	case len(open(".")) > 0:
		d.find("modes", verdictWarn, "others may enter the directory and read its read models; chmod 700 it", "他人可进入该目录并读取读模型;请执行 chmod 700")
	default:
		d.find("modes", verdictOK, "the owner's only", "仅属主可访问")
	}
}

// lock says whether a process writes the directory. To see that, it shares the lock for a
// moment where it is free.
func (d *doctor) lock() {
	l := flock.New(d.file("lock"), flock.SetFlag(os.O_RDONLY))
	free, err := l.TryRLock()
	switch {
	case errors.Is(err, fs.ErrNotExist):
		d.find("lock", verdictOK, "free; no process has written here yet", "空闲")
	case err != nil:
		d.find("lock", verdictFail, err.Error()+"; the program must be able to read and lock it", "无法读取锁文件,请检查权限")
	case free:
		_ = l.Close() // a lock that was only shared ends with its file
		d.find("lock", verdictOK, "free", "空闲")
	default:
		holder, _ := os.ReadFile(d.file("lock")) // a hint, no more
		text := strings.TrimSpace(string(holder))
		d.served = true
		d.find("lock", verdictOK, "held by "+text, "由进程持有:"+text)
	}
}

const gibibyte = 1 << 30

func (d *doctor) space() {
	free, total, err := diskSpace(d.data)
	if err != nil {
		d.find("disk", verdictWarn, "free space is not known: "+err.Error(), "无法获知剩余空间")
		return
	}
	verdict, en, zh := verdictOK, "", ""
	if free < gibibyte || free < total/10 {
		verdict, en, zh = verdictWarn, "; make room: a full disk stops all writing", ";请清理空间,磁盘写满将无法记账"
	}
	of := fmt.Sprintf("%.1f / %.1f GiB", float64(free)/gibibyte, float64(total)/gibibyte)
	d.find("disk", verdict, "free: "+of+en, "剩余:"+of+zh)
}

// pages has SQLite check the pages of a file, and then asks f.
func (d *doctor) pages(ctx context.Context, name string, f func(*sqlite.Conn) error) error {
	conn, err := sqlite.OpenConn(d.file(name), sqlite.OpenReadOnly)
	if err != nil {
		return err
	}
	defer conn.Close()
	conn.SetInterrupt(ctx.Done())
	conn.SetBusyTimeout(healthWait)
	err = sqlitex.ExecuteTransient(conn, "PRAGMA quick_check(1)", &sqlitex.ExecOptions{ResultFunc: func(s *sqlite.Stmt) error {
		if text := s.ColumnText(0); text != "ok" {
			return errors.New(text)
		}
		return nil
	}})
	if err != nil {
		return err
	}
	return f(conn)
}

// standing is the event at an entry: where read models stand, or where a ledger ends.
type standing struct {
	there   bool
	ledger  string
	entry   ledger.Entry
	stream  string
	version ledger.Version
}

// models reads where the served read models stand.
func (d *doctor) models(ctx context.Context) (at standing) {
	if _, err := os.Stat(d.file("views.db")); err != nil {
		d.find("views.db", verdictOK, "not there; the next start builds it", "尚无读模型,下次启动时生成")
		return at
	}
	err := d.pages(ctx, "views.db", func(c *sqlite.Conn) error {
		return sqlitex.ExecuteTransient(c, `SELECT v_checkpoint.ledger, v_checkpoint.entry, stream, version
			FROM v_checkpoint LEFT JOIN entries USING (entry)`, &sqlitex.ExecOptions{ResultFunc: func(s *sqlite.Stmt) error {
			at = standing{true, s.ColumnText(0), ledger.Entry(s.ColumnInt64(1)), s.ColumnText(2), ledger.Version(s.ColumnInt64(3))}
			return nil
		}})
	})
	if err != nil {
		d.find("views.db", verdictFail, err.Error()+"; stop the server and delete views.db, it is built anew", "读模型文件损坏;请停止服务并删除 views.db,将自动重建")
		return standing{}
	}
	d.find("views.db", verdictOK, "its pages are whole", "页面完好")
	return at
}

// examined is what a pass over the ledger found.
type examined struct {
	head standing
	at   standing // the entry that was asked for
	last time.Time

	sealed int // events that hold something about a person
}

// ledger checks the record itself, and tells what stands at an entry.
func (d *doctor) ledger(ctx context.Context, entry ledger.Entry) (e examined, ok bool) {
	const restore = "; stop writing and restore a backup"
	what := "ledger.db"
	if d.elsewhere() {
		what = "store"
	} else if err := d.pages(ctx, what, func(*sqlite.Conn) error { return nil }); err != nil {
		d.find(what, verdictFail, err.Error()+restore, "账本文件损坏;请停止写入并从备份恢复")
		return e, false
	}
	open, err := openToRead(ctx, d.place)
	if err != nil {
		d.find(what, verdictFail, explain(err), "无法打开账本,格式可能属于其他版本的程序")
		return e, false
	}
	defer open.close()
	if s, ok := open.store.(*esdb.Store); ok {
		d.server(ctx, s)
	}
	e, err = d.pass(ctx, open, entry)
	if u, ok := errors.AsType[*projections.Undecodable](err); ok {
		d.find("events", verdictFail, fmt.Sprintf("this release cannot read entry %d, %s version %d (%s); install the release that wrote it", u.Entry, u.Stream, u.Version, u.Type),
			fmt.Sprintf("本版本无法读取第 %d 条(%s 第 %d 版,%s);请安装写入该事件的版本", u.Entry, u.Stream, u.Version, u.Type))
		return e, false
	}
	if err != nil {
		d.find("events", verdictFail, err.Error()+restore, "账本内容有误;请停止写入并从备份恢复")
		return e, false
	}
	if !d.elsewhere() {
		d.find(what, verdictOK, "its pages are whole; ledger "+e.head.ledger, "页面完好;账本 "+e.head.ledger)
	}
	d.find("events", verdictOK, fmt.Sprintf("all %d can be read", e.head.entry), fmt.Sprintf("%d 条均可读取", e.head.entry))
	d.proof(ctx, open)
	if ahead := e.last.Sub(d.now()); ahead > 0 {
		d.find("clock", verdictWarn, fmt.Sprintf("the last event was recorded %s from now: the clock went back; set it right", ahead.Round(time.Second)), "最后一条事件的记录时间在未来:系统时钟曾回拨,请校正")
	} else {
		d.find("clock", verdictOK, "no event was recorded in the future", "没有记录时间在未来的事件")
	}
	return e, true
}

// pass reads every event once, in order, as the read models would.
func (d *doctor) pass(ctx context.Context, open *directory, entry ledger.Entry) (e examined, err error) {
	e.head.ledger = open.store.LedgerID().String()
	for batch, err := range open.store.Follow(ctx, ledger.Position{}) {
		if err != nil {
			return e, err
		}
		for _, r := range batch.Events {
			e.head.entry++
			if _, err := open.ledger.Decode(r.Type, r.Data); err != nil {
				return e, &projections.Undecodable{Stream: r.Stream, Version: r.Version, Entry: e.head.entry, Type: r.Type, Err: err}
			}
			e.head.stream, e.head.version, e.last = r.Stream.String(), r.Version, r.Meta.RecordedAt
			if len(r.Meta.Subjects) > 0 {
				e.sealed++
			}
			if e.head.entry == entry {
				e.at = e.head
			}
		}
		if batch.Live {
			break
		}
	}
	return e, nil
}

// vault checks that what was sealed can be opened: the keys are there, and what they are wrapped by.
func (d *doctor) vault(e examined) {
	_, err := os.Stat(d.file("vault.db"))
	if err == nil {
		_, err = vault.ReadMasterKey((&directory{place: place{data: d.data}}).masterKeyFile())
	}
	switch {
	case err == nil:
		d.find("vault", verdictOK, fmt.Sprintf("the keys are there; %d events hold something about a person", e.sealed), fmt.Sprintf("密钥库在位;%d 条事件含个人信息", e.sealed))
	case e.sealed == 0 && errors.Is(err, fs.ErrNotExist):
		d.find("vault", verdictOK, "no event holds anything about a person yet; the next start begins a vault", "尚无个人信息;下次启动时建立密钥库")
	default:
		d.find("vault", verdictFail, fmt.Sprintf("%v; %d events hold what only its keys open: restore it from its backup", err, e.sealed), fmt.Sprintf("密钥库不可用,%d 条事件含个人信息;请从密钥备份恢复", e.sealed))
	}
}

// compare holds the read models against the ledger.
func (d *doctor) compare(models standing, e examined) {
	const remedy, mend = "; stop the server and delete views.db, it is built anew", ";请停止服务并删除 views.db,将自动重建"
	behind := int64(e.head.entry) - int64(models.entry)
	switch {
	case !models.there:
		return
	case models.ledger != e.head.ledger:
		d.find("read-models", verdictFail, "views.db belongs to the ledger "+models.ledger+remedy, "views.db 属于另一账本"+mend)
	case behind < 0:
		d.find("read-models", verdictFail, fmt.Sprintf("%d events ahead: an older ledger was restored below them", -behind)+remedy, "读模型超前于账本:账本曾恢复为旧版"+mend)
	case models.entry > 0 && (models.stream != e.at.stream || models.version != e.at.version):
		d.find("read-models", verdictFail, fmt.Sprintf("they saw another event at entry %d: the ledger was restored and went on", models.entry)+remedy, "读模型与账本不一致:账本曾恢复后继续写入"+mend)
	case behind > 0 && d.served:
		d.find("read-models", verdictWarn, fmt.Sprintf("%d events behind; ask /readyz whether they get on", behind), fmt.Sprintf("落后 %d 条;请查看 /readyz", behind))
	case behind > 0:
		d.find("read-models", verdictOK, fmt.Sprintf("%d events behind; the next start catches up", behind), fmt.Sprintf("落后 %d 条,下次启动时补齐", behind))
	default:
		d.find("read-models", verdictOK, fmt.Sprintf("at entry %d, where the ledger ends", models.entry), fmt.Sprintf("与账本一致(第 %d 条)", models.entry))
	}
}
