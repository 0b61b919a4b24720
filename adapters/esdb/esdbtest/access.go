package esdbtest

import (
	"context"
	"encoding/base64"
	"encoding/json"
	"slices"
	"strings"

	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/metadata"
	"google.golang.org/grpc/status"
)

// roles are names of users and groups; in JSON one may stand alone.
type roles []string

func (r *roles) UnmarshalJSON(b []byte) error {
	if len(b) > 0 && b[0] == '"' {
		*r = roles{""}
		return json.Unmarshal(b, &(*r)[0])
	}
	return json.Unmarshal(b, (*[]string)(r))
}

// acl says who may do what; nil roles leave it to the default, empty ones allow only $admins.
type acl struct {
	Read      roles `json:"$r"`
	Write     roles `json:"$w"`
	Delete    roles `json:"$d"`
	MetaRead  roles `json:"$mr"`
	MetaWrite roles `json:"$mw"`
}

// UnmarshalJSON takes a name of one of the defaults ("$userStreamAcl") for no ACL of its own.
func (a *acl) UnmarshalJSON(b []byte) error {
	if len(b) > 0 && b[0] == '"' {
		return nil
	}
	type plain acl
	return json.Unmarshal(b, (*plain)(a))
}

// Without settings everybody may do everything with users' streams and only $admins anything with
// system streams, $all among them (Data/SystemSettings.cs).
var (
	everyone   = acl{Read: roles{"$all"}, Write: roles{"$all"}, Delete: roles{"$all"}, MetaRead: roles{"$all"}, MetaWrite: roles{"$all"}}
	adminsOnly = acl{Read: roles{"$admins"}, Write: roles{"$admins"}, Delete: roles{"$admins"}, MetaRead: roles{"$admins"}, MetaWrite: roles{"$admins"}}
)

// settings is the last event of the stream $settings, which overrides the defaults.
type settings struct {
	User   *acl `json:"$userStreamAcl"`
	System *acl `json:"$systemStreamAcl"`
}

type action int

const (
	toRead action = iota
	toWrite
	toDelete
)

// authorize returns the error of a call that is refused: access denied, or who is this.
func (s *Server) authorize(ctx context.Context, do action, stream string) error {
	if s.options.Users == nil {
		return nil // an insecure server enforces no ACL (PassthroughAuthorizationProvider.cs)
	}
	user, err := s.login(ctx)
	if err != nil {
		return err
	}
	if stream == "" {
		stream = "$all"
	}
	meta := strings.HasPrefix(stream, "$$")
	switch {
	case stream == "$all" && do != toRead, meta && do == toDelete:
		return accessDenied(ctx) // for admins too
	case user == Admin:
		return nil
	case user == "": // anonymous access is off by default since 24.2
		return accessDenied(ctx)
	}
	allowed := s.journal.allowed(do, meta, strings.TrimPrefix(stream, "$$"))
	if !slices.Contains(allowed, "$all") && !slices.Contains(allowed, user) {
		return accessDenied(ctx)
	}
	return nil
}

// login is the name of the user, empty for none.
func (s *Server) login(ctx context.Context) (string, error) {
	md, _ := metadata.FromIncomingContext(ctx)
	header := md.Get("authorization")
	if len(header) == 0 {
		return "", nil
	}
	encoded, _ := strings.CutPrefix(header[0], "Basic ")
	plain, err := base64.StdEncoding.DecodeString(encoded)
	name, password, found := strings.Cut(string(plain), ":")
	if want, known := s.options.Users[name]; err != nil || !found || !known || want != password {
		return "", status.Error(codes.Unauthenticated, "Bad gRPC response. HTTP status code: 401")
	}
	return name, nil
}

// allowed are the roles that may do it: those of the stream, else of the settings, else the
// default's, each separately (LegacyStreamPermissionAssertion.cs, RolesFor).
func (j *journal) allowed(do action, meta bool, stream string) roles {
	j.mu.Lock()
	defer j.mu.Unlock()
	var set settings
	if all := j.streams["$settings"]; len(all) > 0 {
		_ = json.Unmarshal(all[len(all)-1].data, &set) // what is no JSON counts as empty
	}
	system, fallback := set.User, everyone
	if strings.HasPrefix(stream, "$") {
		system, fallback = set.System, adminsOnly
	}
	for _, a := range []*acl{j.metaOf(stream).ACL, system} {
		if a != nil && a.roles(do, meta) != nil {
			return a.roles(do, meta)
		}
	}
	return fallback.roles(do, meta)
}

func (a *acl) roles(do action, meta bool) roles {
	switch {
	case do == toDelete:
		return a.Delete
	case do == toRead && meta:
		return a.MetaRead
	case do == toRead:
		return a.Read
	case meta:
		return a.MetaWrite
	default:
		return a.Write
	}
}
