package recognition

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"ttledger/domain/ledger"
)

// Scheme is the parameters of one scheme of recognition, as a policy version carries them. The
// policy's code is the scheme's.
type Scheme struct {
	Subjects     []string    `json:"subjects" enum:"organisation,person,facility" en:"what may be recognised" zh:"可认定对象"`
	Levels       []string    `json:"levels,omitzero" en:"levels, the highest first" zh:"等级(由高到低)"`
	Modes        []string    `json:"modes,omitzero" en:"ways of serving, for persons" zh:"引进方式(人才)"`
	Channels     []string    `json:"channels,omitzero" en:"ways to be recognised" zh:"认定渠道"`
	Conditions   []Condition `json:"conditions,omitzero" en:"conditions that who grants confirms, each" zh:"须逐项确认的条件"`
	MinAgeMonths int         `json:"min_age_months,omitzero" en:"least age of an organisation, months" zh:"成立最短月数"`
	MaxAgeYears  int         `json:"max_age_years,omitzero" en:"greatest age of an organisation, years" zh:"成立最长年数"`
	ValidMonths  int         `json:"valid_months,omitzero" en:"months of validity; none where it does not run out" zh:"有效月数(不填为长期或按证书)"`
	ValidThrough string      `json:"valid_through,omitzero" en:"last day in the following year, MM-DD" zh:"次年截止月日(MM-DD)"`
	Rung         int         `json:"rung,omitzero" en:"place on the ladder as it is displayed, the higher the larger" zh:"梯度展示次序(越大越高)"`
}

// Condition is something that must be so, which a person confirms.
type Condition struct {
	Code  string       `json:"code" en:"code" zh:"代码"`
	Names ledger.Names `json:"names" en:"the condition" zh:"条件"`
}

// Check says what is wrong with a scheme.
func (s Scheme) Check() error {
	if len(s.Subjects) == 0 {
		return ledger.InvalidField("params/subjects", "name what may be recognised: organisation, person, facility", "请列明可认定对象:organisation、person、facility")
	}
	for i, subject := range s.Subjects {
		if err := ledger.CheckOneOf(fmt.Sprintf("params/subjects/%d", i), subject, "organisation", "person", "facility"); err != nil {
			return err
		}
	}
	for i, c := range s.Conditions {
		path := fmt.Sprintf("params/conditions/%d", i)
		if err := ledger.First(ledger.CheckText(path+"/code", c.Code, 40, true), c.Names.Check(path+"/names")); err != nil {
			return err
		}
	}
	if min(s.MinAgeMonths, s.MaxAgeYears, s.ValidMonths, s.Rung) < 0 {
		return ledger.InvalidField("params/valid_months", "ages, validity and rung must not be below zero", "年限、有效期与次序不能小于零")
	}
	if s.ValidThrough != "" {
		if s.ValidMonths > 0 {
			return ledger.InvalidField("params/valid_through", "give valid_months or valid_through, not both", "valid_months 与 valid_through 只能填写一项")
		}
		if _, err := ledger.ParseDate("2001-" + s.ValidThrough); err != nil || len(s.ValidThrough) != 5 {
			return ledger.InvalidField("params/valid_through", "a month and a day, such as 03-31", "应为月-日,例如 03-31")
		}
	}
	return nil
}

// last is the last day of a validity that begins on a day: as the scheme says, or earlier where
// the certificate says so.
func (s Scheme) last(from, stated ledger.Date) (ledger.Date, error) {
	var end ledger.Date
	switch {
	case s.ValidMonths > 0:
		end = from.Plus(0, s.ValidMonths, -1)
	case s.ValidThrough != "":
		month, day, _ := strings.Cut(s.ValidThrough, "-")
		m, _ := strconv.Atoi(month) // Check has read them
		d, _ := strconv.Atoi(day)
		end = ledger.Day(int(from.Year)+1, time.Month(m), d)
	}
	switch {
	case stated.IsZero():
		return end, nil
	case stated.Compare(from) < 0:
		return end, ledger.InvalidField("to", "must not be before from", "不能早于起始日")
	case !end.IsZero() && stated.Last().Compare(end) > 0:
		return end, reject("validity", fmt.Sprintf("under this scheme it holds to %s at the longest, not to %s", end, stated), fmt.Sprintf("按该办法有效期最长至 %s,不得至 %s", end, stated))
	}
	return stated, nil
}

// admits holds a grant against the scheme.
func (s Scheme) admits(c Grant) error {
	if err := ledger.First(
		ledger.CheckOneOf("subject", c.Subject.Category, s.Subjects...),
		oneOf("level", c.Level, s.Levels),
		oneOf("mode", c.Mode, s.Modes),
		oneOf("channel", c.Channel, s.Channels),
	); err != nil {
		return err
	}
	for _, needed := range s.Conditions {
		if !slices.Contains(c.Met, needed.Code) {
			return reject("condition-unmet",
				fmt.Sprintf("the condition %s (%s) is not confirmed; list its code under met when it is so", needed.Code, needed.Names.En),
				fmt.Sprintf("未确认条件 %s(%s);确认后请在 met 中列出", needed.Code, needed.Names.Zh))
		}
	}
	return nil
}

// oneOf wants one of a list, or nothing where the list is empty.
func oneOf(path, code string, list []string) error {
	if len(list) == 0 && code != "" {
		return ledger.InvalidField(path, "this scheme has none; leave it out", "该办法不设此项,请留空")
	}
	if len(list) == 0 {
		return nil
	}
	return ledger.CheckOneOf(path, code, list...)
}

// aged holds the age of an organisation against the scheme.
func (s Scheme) aged(at ledger.Context, subject ledger.StreamID, from ledger.Date) error {
	if s.MinAgeMonths == 0 && s.MaxAgeYears == 0 {
		return nil
	}
	o, ok := ledger.About[interface{ Founded() ledger.Date }](at, subject)
	if !ok || o.Founded().IsZero() {
		return reject("age-unknown", "this scheme looks at the age, and the day of foundation is not on record", "该办法有年限要求,而主体成立日期未登记")
	}
	founded := o.Founded()
	switch {
	case s.MinAgeMonths > 0 && from.Compare(founded.Plus(0, s.MinAgeMonths, 0)) < 0:
		return reject("too-young", fmt.Sprintf("founded on %s; this scheme asks for %d months", founded, s.MinAgeMonths), fmt.Sprintf("成立于 %s,未满 %d 个月", founded, s.MinAgeMonths))
	case s.MaxAgeYears > 0 && from.Compare(founded.Last().Plus(s.MaxAgeYears, 0, 0)) > 0:
		return reject("too-old", fmt.Sprintf("founded on %s; this scheme is for at most %d years", founded, s.MaxAgeYears), fmt.Sprintf("成立于 %s,已超过 %d 年", founded, s.MaxAgeYears))
	}
	return nil
}
