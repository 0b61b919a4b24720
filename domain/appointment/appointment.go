// Package appointment is one person in one post (聘任): started after an accepted offer, on
// probation within what the law allows, confirmed or not, ended.
//
// Read in this order: appointment.go (the table of contents), start.go, probation.go, end.go.
package appointment

import (
	"regexp"
	"time"

	"github.com/google/uuid"

	"ttledger/domain/ledger"
)

// Event is a fact in an appointment's stream.
type Event interface {
	ledger.Event
	apply(State, ledger.Metadata) State
}

// Command asks for a change of one appointment.
type Command interface {
	decide(State, ledger.Context) ([]Event, error)
}

// State is an appointment as far as rules need to know it.
type State struct {
	Started   AppointmentStarted `json:"started,omitzero"`
	StartedOn ledger.Date        `json:"started_on,omitzero"`
	Probation ledger.Date        `json:"probation,omitzero"` // its last day, extended or not
	Extended  bool               `json:"extended,omitzero"`
	Result    string             `json:"result,omitzero"` // of the probation: confirmed or failed
	EndedOn   ledger.Date        `json:"ended_on,omitzero"`
}

// Decider is the rules of appointments.
var Decider = ledger.Decider[State, Command, Event]{
	Decide: func(s State, c Command, at ledger.Context) ([]Event, error) { return c.decide(s, at) },
	Evolve: func(s State, e Event, m ledger.Metadata) State { return e.apply(s, m) },
	Claims: func(s State, _ ledger.StreamID) []ledger.Claim {
		if s.Started.Code == "" {
			return nil
		}
		return []ledger.Claim{
			{Kind: "appointment-code", Key: s.Started.Code},
			{Kind: "appointment-of", Key: s.Started.Application.String()},
		}
	},
	About: func(s State, _ ledger.StreamID) uuid.UUID { return s.Started.Person },
}

// Codec is every stored form of an appointment's events.
var Codec = ledger.NewCodec(
	ledger.Current[AppointmentStarted, Event](),
	ledger.Current[ProbationConcluded, Event](),
	ledger.Current[AppointmentEnded, Event](),
)

var officers = []ledger.Role{ledger.HR}

// Aggregate is appointments for the rest of the program.
var Aggregate = ledger.New("appointment", ledger.Text{En: "appointment", Zh: "聘任"}, Decider, Codec,
	ledger.Does[Start, Command](ledger.Verb{Name: "start", Creates: true, Roles: officers,
		Help: ledger.Text{En: "record that an appointee began work", Zh: "登记到岗"}}),
	ledger.Does[ConcludeProbation, Command](ledger.Verb{Name: "conclude-probation", Roles: officers, Approvers: []ledger.Role{ledger.APR},
		Help: ledger.Text{En: "confirm an appointee, extend the probation, or end it as failed", Zh: "试用期考核:转正、延长或不合格"}}),
	ledger.Does[End, Command](ledger.Verb{Name: "end", Roles: officers,
		Help: ledger.Text{En: "record that an appointment ended", Zh: "登记离任"}}),
).SeenBy(Sight)

// Sight is who runs, decides, pays, supervises and audits employment.
var Sight = ledger.Sight{All: []ledger.Role{ledger.HR, ledger.APR, ledger.FIN, ledger.LEG, ledger.SUP, ledger.DPO, ledger.AUD}}

// InPost says whether the appointment runs on a day.
func (s State) InPost(on ledger.Date) bool {
	return !s.StartedOn.IsZero() && on.Compare(s.StartedOn) >= 0 && (s.EndedOn.IsZero() || on.Compare(s.EndedOn) <= 0)
}

// running refuses what needs an appointment that has not ended.
func (s State) running(at ledger.Context) error {
	switch {
	case !s.EndedOn.IsZero():
		return reject("ended", "the appointment ended on "+s.EndedOn.String(), "聘任已于 "+s.EndedOn.String()+" 终止")
	case at.On.Compare(s.StartedOn) < 0:
		return reject("date-order", "dated "+at.On.String()+", before the start on "+s.StartedOn.String(), "业务发生日 "+at.On.String()+" 早于到岗日 "+s.StartedOn.String())
	}
	return nil
}

// after is the same day months later, or the last of that month where it has no such day.
func after(d ledger.Date, months int) ledger.Date {
	first := time.Date(int(d.Year), time.Month(d.Month)+time.Month(months), 1, 12, 0, 0, 0, ledger.Zone)
	last := ledger.Date{Year: int16(first.Year()), Month: int8(first.Month())}.Last()
	last.Day = min(last.Day, d.Day)
	return last
}

// before is the day before.
func before(d ledger.Date) ledger.Date {
	return ledger.DayOf(time.Date(int(d.Year), time.Month(d.Month), int(d.Day)-1, 12, 0, 0, 0, ledger.Zone))
}

// within says whether the days from one to another, both counted, are at most so many months.
func within(from, to ledger.Date, months int) bool { return to.Compare(after(from, months)) < 0 }

var codePattern = regexp.MustCompile(`^[A-Za-z0-9][A-Za-z0-9._/-]{0,39}$`)

func checkCode(path, code string) error {
	if codePattern.MatchString(code) {
		return nil
	}
	return ledger.InvalidField(path, "1 to 40 of A-Z a-z 0-9 . _ / -", "1 至 40 位字母、数字或 . _ / -")
}

// reject is a rule's refusal.
func reject(code, en, zh string) error { return ledger.Rejected(code, ledger.Text{En: en, Zh: zh}) }
