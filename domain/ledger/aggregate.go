package ledger

import (
	"reflect"
	"slices"
	"time"

	"github.com/google/uuid"
)

// Role is a code of the role table; see Roles.
type Role string

// The roles, as the zone's offices know them.
const (
	PM  Role = "PM"  // programme manager
	TM  Role = "TM"  // technology manager
	INV Role = "INV" // completer, inventor
	LEG Role = "LEG" // legal and IP officer
	FIN Role = "FIN" // finance officer
	HR  Role = "HR"  // talent officer
	REV Role = "REV" // reviewer
	CHR Role = "CHR" // panel chair
	SUP Role = "SUP" // supervision observer
	INC Role = "INC" // incubator manager
	MEN Role = "MEN" // mentor
	PRK Role = "PRK" // park director
	FUN Role = "FUN" // fund manager
	APR Role = "APR" // approver with delegated authority
	DPO Role = "DPO" // personal-information protection officer
	REP Role = "REP" // reporting job, reads only
	AUD Role = "AUD" // auditor, reads and replays
	ADM Role = "ADM" // system administrator, no domain commands
)

// RoleNames is the table of roles in display order.
var RoleNames = []struct {
	Role Role
	Name Text
}{
	{PM, Text{"programme manager", "计划(项目)主管"}},
	{TM, Text{"technology manager", "技术经理人"}},
	{INV, Text{"completer (inventor)", "成果完成人"}},
	{LEG, Text{"legal and IP officer", "法务/知识产权"}},
	{FIN, Text{"finance officer", "财务"}},
	{HR, Text{"talent officer", "人才(选聘)专员"}},
	{REV, Text{"reviewer", "评审专家"}},
	{CHR, Text{"panel chair", "评审组长"}},
	{SUP, Text{"supervision observer", "纪检监督"}},
	{INC, Text{"incubator manager", "孵化器运营主管"}},
	{MEN, Text{"mentor", "创业导师"}},
	{PRK, Text{"park director", "园区主任"}},
	{FUN, Text{"fund manager", "基金管理人"}},
	{APR, Text{"approver with delegated authority", "审批人(分管领导)"}},
	{DPO, Text{"personal-information protection officer", "个人信息保护负责人"}},
	{REP, Text{"reporting job", "统计报送"}},
	{AUD, Text{"auditor", "审计员"}},
	{ADM, Text{"system administrator", "系统管理员"}},
}

// AllRoles lists every role: who may read what anyone may read.
func AllRoles() []Role {
	var all []Role
	for _, r := range RoleNames {
		all = append(all, r.Role)
	}
	return all
}

// Verb is one line of an aggregate's command table. From it come the route, the schema, the
// catalogue, the form and the permission matrix.
type Verb struct {
	Name    string       // imperative, kebab-case: the last part of the route
	Help    Text         // one line
	Roles   []Role       // who may; a verb without a role does not build
	Own     []Role       // those of them, last in Roles, who may only to what concerns them (Sight)
	Creates bool         // the first command of a stream
	Data    reflect.Type // the Go type whose JSON form is the public contract

	// Approvers are who decides on a four-eyes command, for which those in Roles ask: it takes
	// effect only by another person than the one who asked. None where nobody else is needed.
	Approvers []Role
}

// FourEyes says that the command takes effect only by another person's decision.
func (v Verb) FourEyes() bool { return len(v.Approvers) > 0 }

// VerbOf is a Verb with the decoder of its command, made by Does.
type VerbOf[C any] struct {
	Verb
	decode func(data []byte) (C, error)
}

// Does enters the command type T under a verb. T's JSON form is decoded strictly.
func Does[T, C any](v Verb) VerbOf[C] {
	v.Data = reflect.TypeFor[T]()
	return VerbOf[C]{v, func(data []byte) (C, error) {
		// The data was looked through as part of its Act; again only to say what is wrong.
		var c T
		err := decodeStored(data, &c)
		if err != nil {
			err = DecodeStrict(data, "/data", &c)
		}
		return any(c).(C), err
	}}
}

// Context is what a decision may look at besides the state and the command. It is the only
// clock a rule sees.
type Context struct {
	Stream   StreamID
	On       Date      // the business date the client gave, never after Now
	Now      time.Time // when the command was taken
	Actor    string    // handle of the principal
	Role     Role      // the role the actor decides in
	Approver string    // who approved a four-eyes command; empty while it is only asked for
	Rule     *Rule     // the policy version decided under; nil where none is in force
	ReliedOn []Relied  // the streams the command named, as they were read

	states map[StreamID]any // of ReliedOn; see About
}

// Exists says whether a stream that the command relies on was there when it was read.
func (c Context) Exists(s StreamID) bool {
	for _, r := range c.ReliedOn {
		if r.Stream == s {
			return r.Version > 0
		}
	}
	return false
}

// Relier is a command that depends on other streams. The handler reads them before it decides
// and records which version it saw.
type Relier interface{ ReliesOn() []StreamID }

// RelierIn is a Relier that finds some of them in the state.
type RelierIn[S any] interface{ ReliesOn(S) []StreamID }

// Beneficial is a command that favours persons or organisations. Nobody approves what favours
// themselves, or whom they have declared an interest in.
type Beneficial[S any] interface{ Benefits(S) []StreamID }

// Decider is one aggregate's rules: what a command causes in a state, and what an event makes of
// a state. Both are pure. No events means that it is already so.
type Decider[S, C any, E Event] struct {
	Decide func(S, C, Context) ([]E, error)
	Evolve func(S, E, Metadata) S // S's zero value is the state of no stream

	// Claims says what a state holds that others may not; nil where nothing is.
	Claims func(S, StreamID) []Claim

	// About says which person a stream is about, in a state; nil where streams are about nobody.
	// Documents that commands on such a stream name are digested under that person's key.
	About func(S, StreamID) uuid.UUID
}

// Aggregate is one kind of thing with its rules, its generics closed over, as the rest of the
// program handles it.
type Aggregate struct {
	Category string
	Title    Text
	Verbs    []Verb
	Events   []string // every stored name it reads
	Sight    Sight    // who sees its streams; see SeenBy

	// Decode reads one stored event.
	Decode func(name string, data []byte) (Event, error)
	// Zero is the state of no stream.
	Zero func() any
	// Evolve is the state after one more event; state is what Zero or Evolve returned.
	Evolve func(state any, e Event, m Metadata) any

	prepare func(verb string, data []byte) (prepared, error)
	claims  func(state any, s StreamID) []Claim // nil where nothing is ever claimed

	aboutPersons bool // its streams are each about a person
}

// prepared is a decoded command, ready to be decided on any state.
type prepared struct {
	personal bool // it has personal texts
	reliesOn func(state any) []StreamID
	governed func(state any) Governing  // without a form where no policy governs
	benefits func(state any) []StreamID // whom it favours
	decide   func(state any, c Context) (stored, error)
}

// stored makes the bytes of what was decided; nil where nothing is to be recorded.
type stored func(*sealing) ([]Proposed, error)

// New builds an Aggregate. It panics on a verb without a role or entered twice, and on one whose
// narrower roles are not the last of its roles: a command is taken in the first that its actor holds.
func New[S, C any, E Event](category string, title Text, d Decider[S, C, E], codec *Codec[E], verbs ...VerbOf[C]) Aggregate {
	a := Aggregate{
		Category: category, Title: title, Events: codec.Names(),
		Decode: func(name string, data []byte) (Event, error) { return codec.Decode(name, data) },
		Zero:   func() any { var s S; return s },
		Evolve: func(state any, e Event, m Metadata) any { return d.Evolve(state.(S), e.(E), m) },
	}
	byName := map[string]VerbOf[C]{}
	for _, v := range verbs {
		if _, twice := byName[v.Name]; twice || len(v.Roles) == 0 || v.Name == "" {
			panic(category + ": the verb " + v.Name + " has no role or is entered twice")
		}
		if wide := len(v.Roles) - len(v.Own); wide < 0 || !slices.Equal(v.Roles[wide:], v.Own) {
			panic(category + ": the roles that may " + v.Name + " their own only are the last of those who may")
		}
		byName[v.Name] = v
		a.Verbs = append(a.Verbs, v.Verb)
	}
	if codec.correctable() {
		a.Verbs = append(a.Verbs, corrections(a.Verbs))
	}
	a.aboutPersons = d.About != nil
	if d.Claims != nil {
		a.claims = func(state any, s StreamID) []Claim { return d.Claims(state.(S), s) }
	}
	a.prepare = func(verb string, data []byte) (prepared, error) {
		command, err := byName[verb].decode(data)
		if err != nil {
			return prepared{}, err
		}
		p := facts[S](command)
		if p.personal, err = personalOf(reflect.TypeOf(command)).carried(command); err != nil {
			return prepared{}, err
		}
		p.decide = func(state any, c Context) (stored, error) {
			events, err := d.Decide(state.(S), command, c)
			if err != nil || len(events) == 0 {
				return nil, err
			}
			return func(s *sealing) ([]Proposed, error) {
				if d.About != nil {
					s.about = d.About(state.(S), c.Stream)
				}
				return encode(s, codec, events)
			}, nil
		}
		return p, nil
	}
	return a
}

// facts is what a command says of itself: the streams and the policy it depends on, and whom it
// favours.
func facts[S any](command any) prepared {
	p := prepared{
		reliesOn: func(any) []StreamID { return nil },
		governed: func(any) Governing { return Governing{} },
		benefits: func(any) []StreamID { return nil },
	}
	switch c := command.(type) {
	case Relier:
		p.reliesOn = func(any) []StreamID { return c.ReliesOn() }
	case RelierIn[S]:
		p.reliesOn = func(state any) []StreamID { return c.ReliesOn(state.(S)) }
	}
	if c, ok := command.(Governed[S]); ok {
		p.governed = func(state any) Governing { return c.Under(state.(S)) }
	}
	if c, ok := command.(Beneficial[S]); ok {
		p.benefits = func(state any) []StreamID { return c.Benefits(state.(S)) }
	}
	return p
}

func encode[E Event](s *sealing, codec *Codec[E], events []E) ([]Proposed, error) {
	var out []Proposed
	for _, e := range events {
		e, err := seal(s, codec, e)
		if err != nil {
			return nil, err
		}
		data, err := codec.Encode(e)
		if err != nil {
			return nil, err
		}
		out = append(out, Proposed{Type: e.EventType(), Data: data})
	}
	return out, nil
}

// Verb finds a line of the command table.
func (a Aggregate) Verb(name string) (Verb, bool) {
	for _, v := range a.Verbs {
		if v.Name == name {
			return v, true
		}
	}
	return Verb{}, false
}

// EventID derives the id of an event, so that writing it again is writing the same event.
func EventID(s StreamID, command uuid.UUID, index int) uuid.UUID {
	name := make([]byte, 0, 64)
	name = append(name, s.String()...)
	name = append(name, command[:]...)
	name = append(name, byte(index>>8), byte(index))
	return uuid.NewSHA1(eventSpace, name)
}

var eventSpace = uuid.MustParse("a41e4c4b-8d53-5f2a-9a3c-5f8b6a1d0e77")
