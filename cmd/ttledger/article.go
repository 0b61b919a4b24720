package main

import (
	"bytes"
	"context"
	_ "embed"
	"encoding/json"
	"errors"
	"fmt"

	"github.com/google/uuid"

	"ttledger/adapters/importer"
	"ttledger/domain/indicator"
	"ttledger/domain/ledger"
	"ttledger/domain/organisation"
	"ttledger/domain/programme"
)

// articleData is the article that the zone's programme was announced in, as data: every body,
// centre, figure and instrument it names, each with the row of docs/mission.md it serves.
//
//go:embed demo/article.json
var articleData []byte

// article is what of it is recorded through commands.
type article struct {
	Source        indicator.Source `json:"source"`
	Organisations []struct {
		Key string `json:"key"`
		Row string `json:"row"`
		organisation.Register
	} `json:"organisations"`
	Programme struct {
		Key          string         `json:"key"`
		Row          string         `json:"row"`
		OccurredOn   ledger.Date    `json:"occurred_on"`
		Host         string         `json:"host"`
		Counterparts []string       `json:"counterparts"`
		Data         programme.Open `json:"data"`
	} `json:"programme"`
	Indicators []struct {
		Row      string                 `json:"row"`
		Action   int                    `json:"action"`
		Define   indicator.Define       `json:"define"`
		Baseline indicator.AttestFigure `json:"baseline"`
		AsOf     ledger.Date            `json:"as_of"`
	} `json:"indicators"`

	// Of these the kinds of things are recorded by their own commands.
	Facilities   []articleThing `json:"facilities"`
	Recognitions []articleThing `json:"recognitions"`
	Instruments  []articleThing `json:"instruments"`
}

// articleThing is a centre, an honour or an instrument.
type articleThing struct {
	Row        string       `json:"row"`
	Key        string       `json:"key"`
	Kind       string       `json:"kind"`
	Names      ledger.Names `json:"names"`
	Location   ledger.Names `json:"location"`
	Host       string       `json:"host"`
	Level      string       `json:"level"`
	Functions  []string     `json:"functions"`
	Note       string       `json:"note"`
	OccurredOn ledger.Date  `json:"occurred_on"`
	Action     int          `json:"action"`
	Subject    string       `json:"subject"`
	Scheme     string       `json:"scheme"`
}

func readArticle() (a article, err error) {
	d := json.NewDecoder(bytes.NewReader(articleData))
	d.DisallowUnknownFields()
	var whole struct {
		About string `json:"about"`
		*article
	}
	whole.article = &a
	err = d.Decode(&whole)
	return a, err
}

// demoArticle records the article: bodies, programme, indicators with their baselines.
func demoArticle(ctx context.Context, l *ledger.Ledger, preparer, approver ledger.Actor) error {
	a, err := readArticle()
	if err != nil {
		return fmt.Errorf("demo/article.json: %w", err)
	}
	do := func(aggregate, key, verb string, on ledger.Date, seen ledger.Version, data any) error {
		if err := decided(ctx, l, preparer, approver, ledger.StreamID{Category: aggregate, ID: demoID(aggregate, key)}, verb, on, seen, data); err != nil {
			return fmt.Errorf("demo/article.json: %s %s %s: %w", aggregate, key, verb, err)
		}
		return nil
	}
	for _, o := range a.Organisations {
		if err := do("organisation", o.Key, "register", a.Source.Published, 0, o.Register); err != nil {
			return err
		}
	}
	open := a.Programme.Data
	open.Host = demoID("organisation", a.Programme.Host)
	for _, key := range a.Programme.Counterparts {
		open.Counterparts = append(open.Counterparts, demoID("organisation", key))
	}
	if err := do("programme", a.Programme.Key, "open", a.Programme.OccurredOn, 0, open); err != nil {
		return err
	}
	for _, i := range a.Indicators {
		if i.Define.Action = i.Action; i.Action > 0 {
			i.Define.Programme = demoID("programme", a.Programme.Key)
		}
		i.Baseline.Source = a.Source
		key := i.Define.Code + " " + i.Define.Scope
		if err := errors.Join(
			do("indicator", key, "define", a.Source.Published, 0, i.Define),
			do("indicator", key, "attest-figure", i.AsOf, 1, i.Baseline),
		); err != nil {
			return err
		}
	}
	return nil
}

// decided asks for a command and, where it awaits another person's decision, approves it as that
// person.
func decided(ctx context.Context, l *ledger.Ledger, preparer, approver ledger.Actor, stream ledger.StreamID, verb string, on ledger.Date, seen ledger.Version, data any) error {
	raw, err := json.Marshal(data)
	if err != nil {
		return err
	}
	body, err := json.Marshal(ledger.Act{OccurredOn: on, Data: raw})
	if err != nil {
		return err
	}
	outcomes, err := importer.Approved(ctx, importer.Beside{Ledger: l, N: 1}, approver, []ledger.Request{{
		Aggregate: stream.Category, ID: stream.ID, Verb: verb, Command: uuid.New(), Body: body,
		Expect: ledger.At(seen), Actor: preparer, Source: ledger.Source{Kind: "process"},
	}})
	if err != nil {
		return err
	}
	return outcomes[0].Err
}
