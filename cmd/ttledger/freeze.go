package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"slices"

	"github.com/google/uuid"
	"github.com/spf13/cobra"

	"ttledger/adapters/httpapi"
	"ttledger/domain/ledger"
	"ttledger/domain/period"
	"ttledger/projections"
)

func freezeCommand() *cobra.Command {
	var server, tokenFile, format string
	var only []string
	c := &cobra.Command{
		Use:   "freeze PERIOD",
		Short: "make the reports of a closed period into files and ask to issue them 关账报表",
		Long: "Computes each report as of the period's last day and known at the entry it was closed at, keeps the file on the\n" +
			"server and asks to issue it; another person approves. Reports that need a parameter are left out. Run again, it\n" +
			"makes the same files and asks for nothing twice.",
		Args: cobra.ExactArgs(1),
		RunE: func(c *cobra.Command, args []string) error {
			id, err := uuid.Parse(args[0])
			if err != nil {
				return usageError{fmt.Errorf("a period is named by its id, not %q; /v1/views/periods lists them", args[0])}
			}
			token, err := readToken(tokenFile, c.InOrStdin())
			if err != nil {
				return err
			}
			f := freezer{&httpapi.Client{Server: server, Token: token}, id, format}
			return f.run(c, only)
		},
	}
	c.Flags().StringVar(&server, "server", "", "address of the server, such as http://127.0.0.1:8080")
	c.Flags().StringVar(&tokenFile, "token-file", "", "file with the token to act by; - is standard input")
	c.Flags().StringVar(&format, "format", "xlsx", "xlsx, csv or ndjson")
	c.Flags().StringArrayVar(&only, "report", nil, "code of a report; all where absent; may be repeated")
	_ = c.MarkFlagRequired("server") // the flag is there
	return c
}

// freezer asks to issue the reports of one period.
type freezer struct {
	client *httpapi.Client
	period uuid.UUID
	format string
}

func (f freezer) run(c *cobra.Command, only []string) error {
	var closed struct {
		Row struct {
			ToOn   string `json:"to_on"`
			CutOff uint64 `json:"cut_off"`
		} `json:"row"`
	}
	if err := f.read(c, "/v1/views/periods/"+f.period.String(), &closed); err != nil {
		return err
	}
	var list struct {
		Reports []struct {
			Code   string              `json:"code"`
			Params []projections.Param `json:"params"`
		} `json:"reports"`
	}
	if err := f.read(c, "/v1/reports", &list); err != nil {
		return err
	}
	moment := url.Values{"format": {f.format}, "as-of": {closed.Row.ToOn}, "known-at": {fmt.Sprint(closed.Row.CutOff)}}
	var failed error
	for _, x := range list.Reports {
		needs := slices.ContainsFunc(x.Params, func(p projections.Param) bool { return p.Required })
		if needs || len(only) > 0 && !slices.Contains(only, x.Code) {
			continue
		}
		file, err := f.issue(c, x.Code, moment)
		if err != nil {
			failed = errors.Join(failed, fmt.Errorf("%s: %w", x.Code, err))
			continue
		}
		if _, err := fmt.Fprintf(c.OutOrStdout(), "%s\t%s\t%s\n", file.Report, file.SHA256, file.Name); err != nil {
			return err
		}
	}
	return failed
}

// issue makes one report's file and asks to issue it, under a key that follows from the file.
func (f freezer) issue(c *cobra.Command, code string, moment url.Values) (file period.IssueReport, err error) {
	answer, err := f.client.Post(c.Context(), "/v1/reports/"+url.PathEscape(code)+"/files?"+moment.Encode())
	if err != nil {
		return file, err
	}
	if err := decodeAnswer(answer, &file); err != nil {
		return file, err
	}
	data, err := json.Marshal(file)
	if err != nil {
		return file, err
	}
	body, err := json.Marshal(ledger.Act{Data: data})
	if err != nil {
		return file, err
	}
	_, err = f.client.Do(c.Context(), ledger.Request{
		Aggregate: "period", ID: f.period, Verb: "issue-report", Command: uuid.NewSHA1(f.period, []byte("freeze "+code+" "+file.SHA256)),
		Body: body, Expect: ledger.Whatever(),
	})
	return file, err
}

func (f freezer) read(c *cobra.Command, path string, into any) error {
	answer, err := f.client.Get(c.Context(), path)
	if err != nil {
		return err
	}
	return decodeAnswer(answer, into)
}

func decodeAnswer(answer *http.Response, into any) error {
	defer answer.Body.Close()
	raw, err := io.ReadAll(answer.Body)
	if err != nil {
		return err
	}
	return json.Unmarshal(raw, into)
}
