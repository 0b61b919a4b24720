package panel

import (
	"fmt"
	"slices"

	"ttledger/domain/ledger"
)

// Attend records that the actor, of supervision, is present at the opening.
type Attend struct{}

func (Attend) decide(s State, at ledger.Context) ([]Event, error) {
	switch err := s.sitting(at); {
	case err != nil:
		return nil, err
	case at.Actor != s.Sitting.Observer:
		return nil, reject("not-the-observer", "the observer of this panel is "+s.Sitting.Observer, "本评审组监督人员为 "+s.Sitting.Observer)
	case !s.AttendedOn.IsZero():
		return nil, nil
	}
	return []Event{ObserverAttended{at.Actor}}, nil
}

// ObserverAttended: supervision was present at the opening.
type ObserverAttended struct {
	Observer string `json:"observer"`
}

// EventType is the stored name.
func (ObserverAttended) EventType() string { return "panel.observer-attended.v1" }

func (ObserverAttended) apply(s State, m ledger.Metadata) State {
	s.AttendedOn = m.OccurredOn
	return s
}

// Opening is a score laid open.
type Opening struct {
	Item     string `json:"item" en:"code of the item" zh:"对象编号"`
	Reviewer string `json:"reviewer" en:"handle of the reviewer" zh:"评审专家账号"`
	Points   []int  `json:"points" en:"points in the order of the criteria" zh:"各评分项得分(按评分项顺序)"`
	Nonce    string `json:"nonce" en:"the nonce committed with, in hex" zh:"承诺所用随机数(十六进制)"`
}

// Conclude opens every score at once and ranks the items by them. The ranking follows from the
// scores; nobody chooses it.
type Conclude struct {
	Openings []Opening `json:"openings" en:"every score that was handed in" zh:"全部评分"`
	Minutes  string    `json:"minutes" en:"SHA-256 of the minutes" zh:"评审纪要摘要(SHA-256)"`
}

func (c Conclude) decide(s State, at ledger.Context) ([]Event, error) {
	if err := ledger.First(s.sitting(at), checkDigest("minutes", c.Minutes), s.ready(at)); err != nil {
		return nil, err
	}
	if err := s.opens(c.Openings); err != nil {
		return nil, err
	}
	return []Event{PanelConcluded{
		Openings: c.Openings, Method: s.Sitting.Method, Ranking: rank(s.Sitting, c.Openings),
		Quorum: s.Sitting.Quorum, Observer: s.Sitting.Observer, Minutes: c.Minutes,
	}}, nil
}

// ready refuses a conclusion while something is missing that it rests on.
func (s State) ready(at ledger.Context) error {
	if at.Actor != s.Sitting.Chair {
		return reject("not-the-chair", "the chair of this panel is "+s.Sitting.Chair, "本评审组组长为 "+s.Sitting.Chair)
	}
	if s.AttendedOn.IsZero() {
		return reject("no-observer", "scores are opened in the presence of supervision; "+s.Sitting.Observer+" attends first", "启封评分须有监督人员在场,请 "+s.Sitting.Observer+" 先行签到")
	}
	for _, item := range s.Sitting.Items {
		counting := 0
		for _, reviewer := range s.Sitting.Reviewers {
			if slices.Contains(s.Excused, reviewer) {
				continue
			}
			d, declared := s.declaration(reviewer, item.Code)
			_, scored := s.review(reviewer, item.Code)
			switch {
			case declared && d.Recused:
			case scored:
				counting++
			default:
				return reject("review-missing", fmt.Sprintf("%s has neither scored %s nor stepped back from it", reviewer, item.Code), fmt.Sprintf("%s 对 %s 既未评分也未回避", reviewer, item.Code))
			}
		}
		if counting < s.Sitting.Quorum {
			return reject("no-quorum", fmt.Sprintf("%s has %d reviews of the %d needed", item.Code, counting, s.Sitting.Quorum), fmt.Sprintf("%s 有 %d 份评分,要求 %d 份", item.Code, counting, s.Sitting.Quorum))
		}
	}
	return nil
}

// opens refuses openings that are not, one for one, those of the scores that count.
func (s State) opens(openings []Opening) error {
	counting := s.counting()
	for i, o := range openings {
		path := fmt.Sprintf("openings/%d", i)
		j := slices.IndexFunc(counting, func(r Review) bool { return r.Item == o.Item && r.Reviewer == o.Reviewer })
		if j < 0 {
			return ledger.InvalidField(path, fmt.Sprintf("%s has no score of %s to open, or it is opened twice", o.Reviewer, o.Item), fmt.Sprintf("%s 对 %s 没有可启封的评分,或重复启封", o.Reviewer, o.Item))
		}
		if err := s.Sitting.Criteria.score(path, o.Points); err != nil {
			return err
		}
		if !noncePattern.MatchString(o.Nonce) {
			return ledger.InvalidField(path+"/nonce", "32 to 128 of 0-9 a-f", "32 至 128 位小写十六进制")
		}
		if Commitment(s.Sitting.Code, o.Item, o.Reviewer, o.Points, o.Nonce) != counting[j].Commitment {
			return reject("opening-mismatch", fmt.Sprintf("the opening of the score of %s by %s is not what was committed to", o.Item, o.Reviewer), fmt.Sprintf("%s 对 %s 的评分与其承诺值不符", o.Reviewer, o.Item))
		}
		counting = slices.Delete(counting, j, j+1)
	}
	if len(counting) > 0 {
		r := counting[0]
		return ledger.InvalidField("openings", fmt.Sprintf("the score of %s by %s is not opened, and %d more", r.Item, r.Reviewer, len(counting)-1), fmt.Sprintf("%s 对 %s 的评分未启封(另有 %d 份)", r.Reviewer, r.Item, len(counting)-1))
	}
	return nil
}

// counting is the reviews whose scores count: none of who stepped back or was excused.
func (s State) counting() []Review {
	return slices.DeleteFunc(slices.Clone(s.Reviews), func(r Review) bool {
		d, declared := s.declaration(r.Reviewer, r.Item)
		return !declared || d.Recused || slices.Contains(s.Excused, r.Reviewer)
	})
}

func (c Criteria) score(path string, points []int) error {
	if len(points) != len(c.List) {
		return ledger.InvalidField(path+"/points", fmt.Sprintf("%d numbers, one for each criterion", len(c.List)), fmt.Sprintf("应为 %d 个分数,每评分项一个", len(c.List)))
	}
	for i, p := range points {
		if p < 0 || p > c.List[i].Max {
			return ledger.InvalidField(fmt.Sprintf("%s/points/%d", path, i), fmt.Sprintf("0 to %d", c.List[i].Max), fmt.Sprintf("0 至 %d", c.List[i].Max))
		}
	}
	return nil
}

// PanelConcluded: the scores are open and the items ranked (domain catalogue event 44).
type PanelConcluded struct {
	Openings []Opening `json:"openings"`
	Method   string    `json:"method"`
	Ranking  []Ranked  `json:"ranking"`
	Quorum   int       `json:"quorum"`
	Observer string    `json:"observer"`
	Minutes  string    `json:"minutes"`
}

// EventType is the stored name.
func (PanelConcluded) EventType() string { return "panel.concluded.v1" }

// apply does not take a stored conclusion at its word: whoever replays the panel finds a score, a
// commitment or a ranking that was altered since.
func (e PanelConcluded) apply(s State, m ledger.Metadata) State {
	s.ConcludedOn, s.Conclusion = m.OccurredOn, e
	if err := s.opens(e.Openings); err != nil {
		s.Broken = err.Error()
	} else if !slices.Equal(rank(s.Sitting, e.Openings), e.Ranking) {
		s.Broken = "the ranking does not follow from the scores"
	}
	return s
}
