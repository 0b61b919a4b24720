package ledger

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"reflect"
	"slices"
	"strconv"
	"strings"

	"github.com/google/uuid"
)

// Correctable is an event of which a wrong record may be put right by a correction. Others are
// put right by a later fact: a reversal, a revocation, an amendment.
type Correctable interface{ Correctable() }

// Correction puts one field of a recorded event right. It is the command "correct" of every
// aggregate that has correctable events.
type Correction struct {
	Event  uuid.UUID       `json:"event" en:"id of the event that was recorded wrongly" zh:"被更正事件的标识"`
	Path   string          `json:"path" en:"which field: /occurred_on, or below /data such as /data/amount/minor" zh:"更正的字段:/occurred_on 或 /data/…"`
	Old    json.RawMessage `json:"old,omitzero" en:"the value as it stands; absent where the field is" zh:"现值;字段缺失时不填"`
	New    json.RawMessage `json:"new,omitzero" en:"the value that is right; absent to take the field away" zh:"正确值;不填则去除该字段"`
	Ground string          `json:"ground" en:"why the record was wrong" zh:"更正理由"`
}

var correct = Verb{
	Name: "correct", Data: reflect.TypeFor[Correction](),
	Help: Text{"put one field of a recorded event right; the stored event stays", "更正已入账事件的一个字段(原记录保留)"},
}

// corrections is the verb for an aggregate: whoever records in it may ask, and whoever approves in
// it decides.
func corrections(verbs []Verb) Verb {
	v := correct
	for _, other := range verbs {
		for _, r := range other.Roles {
			if !slices.Contains(v.Roles, r) && !slices.Contains(other.Own, r) {
				v.Roles = append(v.Roles, r)
			}
		}
		for _, r := range other.Approvers {
			if !slices.Contains(v.Approvers, r) {
				v.Approvers = append(v.Approvers, r)
			}
		}
	}
	if len(v.Approvers) == 0 {
		v.Approvers = []Role{APR}
	}
	return v
}

// correct decides a correction on a history.
func (a Aggregate) correct(c Correction, h history, today Date) (stored, error) {
	if err := CheckText("ground", c.Ground, 500, true); err != nil {
		return nil, err
	}
	i := slices.IndexFunc(h.events, func(r Recorded) bool { return r.ID == c.Event })
	if i < 0 {
		return nil, InvalidField("event", "no event of this stream has this id", "本事件流中没有此事件")
	}
	r := h.events[i]
	event, err := Decode([]Aggregate{a}, r.Type, r.Data) // it may be the ledger's own keeping
	if err != nil {
		return nil, err
	}
	if _, may := event.(Correctable); !may {
		return nil, Rejected("not-correctable", Text{
			En: fmt.Sprintf("a %s is not put right by a correction, but by a later fact such as a reversal, a revocation or an amendment", r.Type),
			Zh: fmt.Sprintf("%s 不能更正,须以冲销、撤销或变更等后续事实处理", r.Type),
		})
	}
	now, err := valueAt(r, c.Path)
	if err != nil {
		return nil, err
	}
	if !sameJSON(now, c.Old) {
		return nil, Rejected("correction-stale", Text{
			En: fmt.Sprintf("%s stands at %s, not at %s; look again", c.Path, orNothing(now), orNothing(c.Old)),
			Zh: fmt.Sprintf("%s 现值为 %s,而非 %s,请重新核对", c.Path, orNothing(now), orNothing(c.Old)),
		})
	}
	if sameJSON(now, c.New) {
		return nil, nil
	}
	fact := RecordCorrected{c.Event, r.Type, c.Path, string(now), string(c.New), c.Ground}
	if err := a.fits(r, event, fact, today); err != nil {
		return nil, err
	}
	return func(*sealing) ([]Proposed, error) {
		data, err := json.Marshal(fact)
		return []Proposed{{Type: fact.EventType(), Data: data}}, err
	}, nil
}

// fits says what is wrong with an event as it would be read.
func (a Aggregate) fits(r Recorded, was Event, fact RecordCorrected, today Date) error {
	wrong := func(err error) error {
		return InvalidField("new", "the event cannot be read so: "+err.Error(), "更正后的事件无法读取:"+err.Error())
	}
	if err := fact.apply(&r); err != nil {
		return wrong(err)
	}
	if r.Meta.OccurredOn.Compare(today) > 0 {
		return InvalidField("new", "must not be after today", "不能晚于今天")
	}
	event, err := a.Decode(r.Type, r.Data)
	if err != nil {
		return wrong(err)
	}
	if !reflect.DeepEqual(PartsOf(was), PartsOf(event)) {
		return Rejected("personal-correction", Text{En: "what is said of a person is amended in the person's own stream", Zh: "个人信息须在该人员的事件流中变更"})
	}
	if checked, ok := event.(interface{ Check() error }); ok {
		return checked.Check()
	}
	return nil
}

// Correct puts right, in place, the events of a stream that a later one of them corrects. The
// events must begin at the stream's first.
func Correct(events []Recorded) error {
	for _, r := range events {
		if r.Type != (RecordCorrected{}).EventType() {
			continue
		}
		e, err := keepings.Decode(r.Type, r.Data)
		if err != nil {
			return fmt.Errorf("%s version %d: %w", r.Stream, r.Version, err)
		}
		fact := e.(RecordCorrected)
		i := slices.IndexFunc(events, func(r Recorded) bool { return r.ID == fact.Event })
		if i < 0 {
			return fmt.Errorf("%s version %d corrects an event that is not there", r.Stream, r.Version)
		}
		if err := fact.apply(&events[i]); err != nil {
			return fmt.Errorf("%s version %d: %w", r.Stream, r.Version, err)
		}
	}
	return nil
}

const occurredOn = "/occurred_on"

// apply is the event as it is to be read. Its bytes are new ones; RawMeta stays as stored.
func (c RecordCorrected) apply(r *Recorded) error {
	if c.Path == occurredOn {
		var on Date
		if err := json.Unmarshal([]byte(c.New), &on); err != nil {
			return err
		}
		r.Meta.OccurredOn = on
		return nil
	}
	document, err := decodeAny(r.Data)
	if err != nil {
		return err
	}
	var value any
	if c.New != "" {
		if value, err = decodeAny([]byte(c.New)); err != nil {
			return err
		}
	}
	if document, err = set(document, steps(c.Path), value, c.New == ""); err != nil {
		return err
	}
	r.Data, err = json.Marshal(document)
	return err
}

// valueAt is the JSON of a field as it is read today; nil where there is none.
func valueAt(r Recorded, path string) (json.RawMessage, error) {
	if path == occurredOn {
		return json.Marshal(r.Meta.OccurredOn)
	}
	if !strings.HasPrefix(path, "/data/") {
		return nil, InvalidField("path", "/occurred_on, or a field below /data", "应为 /occurred_on 或 /data 下的字段")
	}
	value, err := decodeAny(r.Data)
	if err != nil {
		return nil, err
	}
	for _, step := range steps(path) {
		switch at := value.(type) {
		case map[string]any:
			next, there := at[step]
			if !there {
				return nil, nil
			}
			value = next
		case []any:
			i, err := strconv.Atoi(step)
			if err != nil || i < 0 || i >= len(at) {
				return nil, InvalidField("path", "there is no such item", "没有此项")
			}
			value = at[i]
		default:
			return nil, InvalidField("path", "there is no such field", "没有此字段")
		}
	}
	return json.Marshal(value)
}

var unescapePointer = strings.NewReplacer("~1", "/", "~0", "~") // RFC 6901

// steps is a pointer below /data.
func steps(path string) []string {
	parts := strings.Split(strings.TrimPrefix(path, "/data/"), "/")
	for i := range parts {
		parts[i] = unescapePointer.Replace(parts[i])
	}
	return parts
}

// set is a document with one value in place, or without it.
func set(document any, path []string, value any, remove bool) (any, error) {
	if len(path) == 0 {
		return value, nil
	}
	switch at := document.(type) {
	case map[string]any:
		if remove && len(path) == 1 {
			delete(at, path[0])
			return at, nil
		}
		below, err := set(at[path[0]], path[1:], value, remove)
		at[path[0]] = below
		return at, err
	case []any:
		i, err := strconv.Atoi(path[0])
		if err != nil || i < 0 || i >= len(at) {
			return at, fmt.Errorf("there is no item %q", path[0])
		}
		if remove && len(path) == 1 {
			// Corrections are applied again whenever the stream is read: a second time would take the next.
			return at, errors.New("an item cannot be taken out of a list; put the list right as a whole")
		}
		at[i], err = set(at[i], path[1:], value, remove)
		return at, err
	}
	return document, fmt.Errorf("there is no field %q", path[0])
}

func decodeAny(data []byte) (v any, err error) {
	d := json.NewDecoder(bytes.NewReader(data))
	d.UseNumber()
	err = d.Decode(&v)
	return v, err
}

// sameJSON compares two values, either of which may be absent.
func sameJSON(a, b []byte) bool {
	if len(a) == 0 || len(b) == 0 {
		return len(a) == len(b)
	}
	x, errA := decodeAny(a)
	y, errB := decodeAny(b)
	return errA == nil && errB == nil && reflect.DeepEqual(x, y)
}

func orNothing(value []byte) string {
	if len(value) == 0 {
		return "nothing"
	}
	return string(value)
}
