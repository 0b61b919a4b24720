package person

import (
	"slices"
	"time"

	"ttledger/domain/ledger"
)

// Class is how long one sort of data is kept, and what happens then.
type Class struct {
	Code   string
	Name   ledger.Text
	From   ledger.Text // what the time counts from
	Months int         // 0: no end
	Then   string      // propose-erasure, restrict, or "" for nothing
	Duty   bool        // a duty to keep: a withdrawn consent does not shorten it
	Anchor string      // [L] law, [R] reported, to be confirmed, [D] our own decision
}

// ScheduleVersion names this schedule where a decision rests on it.
const ScheduleVersion = "2026-01"

// Schedule is for how long what is kept (domain reference, personal-data schedule). It is data of
// a policy: once policies are events, it comes from them.
var Schedule = []Class{
	{"applicant", ledger.Text{En: "file of an applicant not selected", Zh: "未入选应聘者材料"}, ledger.Text{En: "the notice of the outcome", Zh: "结果公示"},
		12, "propose-erasure", false, "[D] PIPL 19: the shortest time necessary"},
	{"appointee", ledger.Text{En: "file of an appointee", Zh: "聘用人员材料"}, ledger.Text{En: "the end of the employment", Zh: "劳动关系终止"},
		24, "propose-erasure", true, "[L] Labour Contract Law 50: the contract at least two years"},
	{"payee", ledger.Text{En: "payee of a distribution", Zh: "收益分配领取人"}, ledger.Text{En: "the end of the accounting year", Zh: "会计年度终了"},
		360, "restrict", true, "[R] accounting archives, 30 years"},
	{"panel", ledger.Text{En: "member of a panel", Zh: "评审专家"}, ledger.Text{En: "the conclusion of the panel", Zh: "评审结论"},
		0, "", true, "[D] as the archive class says; kept under the pseudonym"},
}

func checkClass(path, code string) error {
	var codes []string
	for _, c := range Schedule {
		codes = append(codes, c.Code)
	}
	return ledger.CheckOneOf(path, code, codes...)
}

// ClassOf is a line of the schedule.
func ClassOf(code string) (Class, bool) {
	i := slices.IndexFunc(Schedule, func(c Class) bool { return c.Code == code })
	if i < 0 {
		return Class{}, false
	}
	return Schedule[i], true
}

// Keeping is what the end of keeping somebody's data depends on.
type Keeping struct {
	Basis       string      `json:"basis"`
	Class       string      `json:"class"`
	EndedOn     ledger.Date `json:"ended_on,omitzero"`     // the purpose was achieved
	WithdrawnOn ledger.Date `json:"withdrawn_on,omitzero"` // the consent to processing was withdrawn
}

// Due is what is to happen to somebody's data, and from when.
type Due struct {
	On     ledger.Date
	Verb   string // propose-erasure or restrict
	Ground string
}

// Due is the pure heart of process P14: what the schedule says is to happen; zero where nothing is
// yet in sight. Whether a hold or a decision stands in the way, the command finds out.
func (k Keeping) Due() Due {
	class, _ := ClassOf(k.Class)
	if !k.WithdrawnOn.IsZero() && k.Basis == "consent" {
		if class.Duty {
			return Due{k.WithdrawnOn.Last(), "restrict", "consent-withdrawn"}
		}
		return Due{k.WithdrawnOn.Last(), "propose-erasure", "consent-withdrawn"}
	}
	if k.EndedOn.IsZero() || class.Then == "" {
		return Due{}
	}
	ground := "retention-expired"
	if class.Then == "restrict" {
		ground = "retention-duty"
	}
	return Due{addMonths(k.EndedOn.Last(), class.Months), class.Then, ground}
}

// addMonths is the same day months later, or the last of that month where it has no such day.
func addMonths(d ledger.Date, months int) ledger.Date {
	first := time.Date(int(d.Year), time.Month(d.Month)+time.Month(months), 1, 12, 0, 0, 0, ledger.Zone)
	last := ledger.Date{Year: int16(first.Year()), Month: int8(first.Month())}.Last()
	last.Day = min(last.Day, d.Day)
	return last
}

// Classify says anew how long the data is kept.
type Classify struct {
	Retention string `json:"retention" enum:"applicant,appointee,payee,panel" en:"for how long it is kept" zh:"保存类别"`
	Basis     string `json:"basis" enum:"consent,contract,hr-management,legal-duty" en:"ground on which the data is processed" zh:"处理依据"`
}

func (c Classify) decide(s State, _ ledger.Context) ([]Event, error) {
	if err := ledger.First(
		checkClass("retention", c.Retention),
		ledger.CheckOneOf("basis", c.Basis, "consent", "contract", "hr-management", "legal-duty"),
		s.unrestricted(),
	); err != nil {
		return nil, err
	}
	if c.Basis == "consent" && !s.consents("processing") {
		return nil, reject("consent-needed", "where consent is the ground, the consent processing is needed (PIPL 13, 14)", "以同意为依据的,须取得 processing 同意(个人信息保护法第十三、十四条)")
	}
	if s.Class == c.Retention && s.Basis == c.Basis {
		return nil, nil
	}
	return []Event{Classified(c)}, nil
}

// Classified: the data is kept for another time, or on another ground; what ended before no
// longer counts.
type Classified struct {
	Retention string `json:"retention"`
	Basis     string `json:"basis"`
}

// EventType is the stored name.
func (Classified) EventType() string { return "person.classified.v1" }

func (e Classified) apply(s State, _ ledger.Metadata) State {
	s.Class, s.Basis, s.EndedOn = e.Retention, e.Basis, ledger.Date{}
	return s
}

// EndPurpose records that the purpose was achieved, on the business date of the command.
type EndPurpose struct{}

func (EndPurpose) decide(s State, at ledger.Context) ([]Event, error) {
	if !s.EndedOn.IsZero() {
		if s.EndedOn == at.On {
			return nil, nil
		}
		return nil, reject("purpose-ended", "the purpose ended on "+s.EndedOn.String()+" already", "处理目的已于 "+s.EndedOn.String()+" 实现")
	}
	return []Event{PurposeEnded{Retention: s.Class}}, nil
}

// PurposeEnded: the retention counts from the day on which this occurred.
type PurposeEnded struct {
	Retention string `json:"retention"` // the class that counts from then
}

// EventType is the stored name.
func (PurposeEnded) EventType() string { return "person.purpose-ended.v1" }

func (PurposeEnded) apply(s State, m ledger.Metadata) State {
	s.EndedOn = m.OccurredOn
	return s
}
