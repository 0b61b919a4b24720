package main

import (
	"compress/gzip"
	"context"
	"crypto/rand"
	"embed"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/google/uuid"
	"github.com/spf13/cobra"

	"ttledger/adapters/importer"
	"ttledger/domain/ledger"
	"ttledger/domain/organisation"
	"ttledger/domain/policy"
	"ttledger/domain/principal"
	"ttledger/domain/project"
)

//go:embed demo/*.csv.gz
var demoFiles embed.FS

// demoStatedOn is the day of the award download that the demonstration data is from.
var demoStatedOn = ledger.Day(2024, 7, 8)

func demoCommand() *cobra.Command {
	var at front
	c := &cobra.Command{
		Use:   "demo",
		Short: "a temporary ledger filled with real public data 演示",
		Long:  "Begins a ledger in a temporary directory, imports 13,500 real technology-transfer awards and takes some\nprojects of its own through their life, serves it, and removes it at the end.",
		Args:  cobra.NoArgs,
		RunE: func(c *cobra.Command, _ []string) (err error) {
			if _, err := at.check(); err != nil {
				return err
			}
			dir, err := os.MkdirTemp("", "ttledger-demo-")
			if err != nil {
				return err
			}
			defer func() { err = errors.Join(err, os.RemoveAll(dir)) }()
			return demo(c, dir, at.listen)
		},
	}
	c.Flags().StringVar(&at.listen, "listen", "127.0.0.1:8080", "address to listen on; port 0 takes a free one")
	return c
}

// demo serves a new ledger and fills it meanwhile.
func demo(c *cobra.Command, dir, listen string) error {
	ctx, cancel := context.WithCancel(c.Context())
	defer cancel()
	d, _, err := beginDirectory(ctx, place{data: filepath.Join(dir, "data")})
	if err != nil {
		return err
	}
	defer d.close()
	// At a terminal, a line for each request would bury what is shown here.
	s, err := newServer(d, slog.New(slog.DiscardHandler))
	if err != nil {
		return err
	}
	if err := s.prove(true, nil); err != nil {
		return errors.Join(err, s.close())
	}
	filled := make(chan error, 1)
	err = s.run(ctx, listen, func(address string) {
		go func() {
			err := fill(ctx, c, s, dir, address)
			filled <- err
			if err != nil {
				cancel()
			}
		}()
	})
	if interrupted := c.Context().Err() != nil; interrupted {
		cancel()
		<-filled
		return err
	}
	return errors.Join(<-filled, err)
}

// fill records the demonstration: its people, its invented projects, and the real awards.
func fill(ctx context.Context, c *cobra.Command, s *server, dir, address string) error {
	start, out, d := time.Now(), c.OutOrStdout(), s.d
	tokens, err := demoPrincipals(ctx, d)
	if err != nil {
		return err
	}
	files, err := unpack(dir)
	if err != nil {
		return err
	}
	preparer := ledger.Actor{Handle: "demo.manager", Roles: []ledger.Role{ledger.PM, ledger.TM}}
	approver := ledger.Actor{Handle: "demo.approver", Roles: []ledger.Role{ledger.APR}}
	seeds, err := policy.Seeds()
	if err != nil {
		return err
	}
	if _, err := adoptAll(ctx, importer.Beside{Ledger: d.ledger, N: 1}, preparer, approver, seeds); err != nil {
		return err
	}
	if err := errors.Join(demoArticle(ctx, d.ledger, preparer, approver), demoLives(ctx, d.ledger, preparer, approver)); err != nil {
		return err
	}
	fmt.Fprintln(c.ErrOrStderr(), "importing the awards; each row goes through the commands of everyone")
	report := filepath.Join(dir, "import-report.csv")
	summary, err := importer.Run(ctx, importer.Local{Ledger: d.ledger}, importer.NSF, files, importer.Options{
		Preparer: preparer, Approver: approver, StatedOn: demoStatedOn, Report: report, Progress: progress(c.ErrOrStderr()),
	})
	if err != nil {
		return err
	}
	if err := s.current(ctx); err != nil {
		return err
	}
	if err := summary.Print(out); err != nil {
		return err
	}
	_, err = fmt.Fprintf(out, `
Filled in %[1]s; the row report is %[2]s
The ledger is at %[3]s until you press Ctrl-C. Try, in another terminal:

  export T=%[4]s
  curl -s -H "Authorization: Bearer $T" "%[3]s/v1/views/project-board?stage=industrialised"
  curl -s -H "Authorization: Bearer $T" "%[3]s/v1/views/project-board?tags.like=phase-2&sort=-funding_minor&limit=3"
  curl -s -H "Authorization: Bearer $T" "%[3]s/v1/reports/k06?from=2018&format=csv"
  go run ./cmd/ttledger replay --data %[7]s --stream project-%[8]s
  go run ./cmd/ttledger checkpoint --server %[3]s --line > kept
  go run ./cmd/ttledger verify %[7]s --checkpoint kept

Tokens: manager $T (roles PM, TM), approver %[5]s (APR), auditor %[6]s (AUD)
`, time.Since(start).Round(time.Second), report, address,
		tokens["demo.manager"], tokens["demo.approver"], tokens["demo.auditor"], d.data, demoID("project", "P-2021-0001"))
	return err
}

// current returns once the read models show all that is recorded.
func (s *server) current(ctx context.Context) error {
	for {
		behind, _, err := s.d.store.Behind(ctx, s.runner.Status().Checkpoint.Position)
		if err != nil || behind == 0 {
			return err
		}
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-time.After(100 * time.Millisecond):
		}
	}
}

func demoPrincipals(ctx context.Context, d *directory) (map[string]string, error) {
	tokens := map[string]string{}
	i := issuer{d.ledger, console, ledger.Source{Kind: "process"}}
	for handle, roles := range map[string][]string{"demo.manager": {"PM", "TM"}, "demo.approver": {"APR"}, "demo.auditor": {"AUD"}} {
		token, err := i.issue(ctx, handle, "person", roles, "demonstration", rand.Reader)
		if err != nil {
			return nil, err
		}
		tokens[handle] = token
	}
	return tokens, nil
}

// unpack writes the embedded files where the importer can read them.
func unpack(dir string) ([]string, error) {
	entries, err := demoFiles.ReadDir("demo")
	if err != nil {
		return nil, err
	}
	var files []string
	for _, e := range entries {
		file := filepath.Join(dir, strings.TrimSuffix(e.Name(), ".gz"))
		if err := unpackOne("demo/"+e.Name(), file); err != nil {
			return nil, err
		}
		files = append(files, file)
	}
	return files, nil
}

func unpackOne(name, file string) (err error) {
	packed, err := demoFiles.Open(name)
	if err != nil {
		return err
	}
	defer packed.Close()
	plain, err := gzip.NewReader(packed)
	if err != nil {
		return err
	}
	f, err := os.Create(file)
	if err != nil {
		return err
	}
	_, err = io.Copy(f, plain) // #nosec G110 -- it is embedded in this program
	return errors.Join(err, f.Close())
}

func demoID(category, code string) uuid.UUID {
	return uuid.NewSHA1(principal.ID("demo.manager"), []byte(category+"/"+code))
}

// act is one step of a demonstration life: who, what, and when it is said to have happened.
type act struct {
	verb string
	on   string
	data any
}

// demoLives takes a few invented projects through the whole stage-gate life.
func demoLives(ctx context.Context, l *ledger.Ledger, preparer, approver ledger.Actor) error {
	host := demoID("organisation", "host")
	err := demoDo(ctx, l, preparer, approver, "organisation", host, act{verb: "register", on: "2021-06-15", data: organisation.Register{
		Names: ledger.Names{Zh: "示范装备制造有限公司", En: "Example Equipment Co., Ltd."}, Kind: "company", UnitKind: "private",
		USCC: "91210106MA0EXAMP00", Region: "210106", IndustryTags: []string{"laozihao"},
	}}, 0)
	if err != nil {
		return err
	}
	for code, life := range demoProjects(host) {
		for i, a := range life {
			if err := demoDo(ctx, l, preparer, approver, "project", demoID("project", code), a, ledger.Version(i)); err != nil {
				return fmt.Errorf("%s %s: %w", code, a.verb, err)
			}
		}
	}
	return nil
}

// demoDo asks for one step and, where it awaits another person's decision, approves it.
func demoDo(ctx context.Context, l *ledger.Ledger, preparer, approver ledger.Actor, aggregate string, id uuid.UUID, a act, version ledger.Version) error {
	on, err := ledger.ParseDate(a.on)
	if err != nil {
		return err
	}
	return decided(ctx, l, preparer, approver, ledger.StreamID{Category: aggregate, ID: id}, a.verb, on, version, a.data)
}

func demoProjects(host uuid.UUID) map[string][]act {
	fen := func(yuan int64) ledger.Money { return ledger.Money{Minor: yuan * 100, Currency: "CNY"} }
	propose := func(code, on, zh, en string, action int, budget int64) act {
		money := fen(budget)
		return act{verb: "propose", on: on, data: project.Propose{
			Titles: ledger.Names{Zh: zh, En: en}, Code: code, Mode: "licence", Action: action, Park: "沈阳中关村", Tags: []string{"xinzihao"}, Budget: &money,
			Parties:    []project.Party{{Organisation: host, Part: "performer"}},
			Milestones: []project.Milestone{{Code: "M1", Names: ledger.Names{Zh: "样机", En: "prototype"}, Due: ledger.Day(2022, 6, 30)}},
		}}
	}
	approve := func(on string) act {
		return act{"approve", on, project.Approve{Body: "科技创新部办公会", Meeting: "沈经科创〔2021〕1号"}}
	}
	gate := func(on string, g project.Gate, decision, until string) act {
		hold, _ := ledger.ParseDate(until) // "" is no date
		return act{"decide-gate", on, project.DecideGate{Gate: g, Decision: decision, HoldUntil: hold}}
	}
	return map[string][]act{
		"P-2021-0001": {
			propose("P-2021-0001", "2021-06-20", "大型离心压缩机转子动力学", "Rotor dynamics of large compressors", 1, 2_400_000),
			gate("2021-07-05", 0, "go", ""), gate("2021-07-30", 1, "go", ""), approve("2021-08-16"),
			{"agree-funding", "2021-09-01", project.AgreeFunding{Amount: fen(1_200_000), Funder: "创新产业基金"}},
			gate("2021-10-11", 2, "go", ""), gate("2022-01-10", 3, "hold", "2022-04-30"), gate("2022-05-06", 3, "go", ""),
			{"verify-milestone", "2022-06-28", project.VerifyMilestone{Milestone: "M1", Result: "met", AchievedOn: ledger.Day(2022, 6, 24)}},
			gate("2023-02-20", 4, "go", ""),
			{"confirm-industrialisation", "2023-05-18", project.ConfirmIndustrialisation{Site: "铁西区", Start: ledger.Day(2023, 5, 8), Park: "沈阳中关村"}},
			gate("2024-01-15", 5, "go", ""), {"complete", "2024-02-01", project.Complete{Acceptance: "沈经科创验〔2024〕3号"}},
		},
		"P-2021-0002": {
			propose("P-2021-0002", "2021-09-02", "五轴数控机床误差补偿", "Error compensation of five-axis machine tools", 1, 900_000), approve("2021-10-08"),
			gate("2021-12-01", 2, "go", ""), gate("2022-06-15", 3, "go", ""), gate("2023-03-03", 4, "go", ""),
			{"confirm-industrialisation", "2023-06-30", project.ConfirmIndustrialisation{Site: "经开区", Start: ledger.Day(2023, 6, 1)}},
		},
		"P-2022-0007": {
			propose("P-2022-0007", "2022-02-14", "新能源汽车电驱动减振", "Vibration damping of electric drives", 1, 600_000), approve("2022-03-21"),
			gate("2022-05-09", 2, "recycle", ""), gate("2022-07-18", 2, "go", ""), gate("2022-12-12", 3, "kill", ""),
		},
		"P-2023-0003": {
			propose("P-2023-0003", "2023-03-08", "工业互联网数据安全网关", "Data-security gateway for industrial internet", 2, 450_000), gate("2023-03-20", 0, "kill", ""),
		},
		"P-2024-0011": {
			propose("P-2024-0011", "2024-04-11", "生物医药微球载药", "Drug-loaded microspheres", 4, 1_500_000), approve("2024-05-20"),
			gate("2024-08-02", 2, "go", ""), gate("2025-02-17", 3, "hold", "2027-03-31"),
		},
	}
}
