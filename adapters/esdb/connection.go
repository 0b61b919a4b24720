package esdb

import (
	"fmt"
	"net/url"
	"regexp"
	"slices"
	"strings"

	"github.com/EventStore/EventStore-Client-Go/v4/esdb"

	"ttledger/domain/ledger"
)

// settings are what a connection string may set. The client would only warn about others.
var settings = []string{"connectionName", "defaultDeadline", "discoveryInterval", "gossipTimeout", "keepAliveInterval", "keepAliveTimeout",
	"maxDiscoverAttempts", "nodePreference", "tls", "tlsCaFile", "tlsVerifyCert", "userCertFile", "userKeyFile"}

var userInfo = regexp.MustCompile(`//[^/@]*@`)

// Redact is a connection string without its password, for people and logs.
func Redact(connection string) string { return userInfo.ReplaceAllString(connection, "//…@") }

// configure reads a connection string. Errors do not show it: it holds a password.
func configure(connection string) (*esdb.Configuration, error) {
	if _, query, ok := strings.Cut(connection, "?"); ok {
		values, err := url.ParseQuery(query)
		if err != nil {
			return nil, invalidURL(connection, "its settings cannot be read")
		}
		for name := range values {
			if !slices.ContainsFunc(settings, func(s string) bool { return strings.EqualFold(s, name) }) {
				return nil, invalidURL(connection, fmt.Sprintf("%s is none of its settings: %s", name, strings.Join(settings, ", ")))
			}
		}
	}
	c, err := esdb.ParseConnectionString(connection)
	if err != nil {
		return nil, invalidURL(connection, userInfo.ReplaceAllString(err.Error(), "//…@"))
	}
	// A follower may answer with what is no longer true.
	c.NodePreference = esdb.NodePreferenceLeader
	// A client whose discovery failed is of no more use: how often to try is for the link to say.
	c.MaxDiscoverAttempts = 1
	c.Logger = esdb.NoopLogging()
	return c, nil
}

func invalidURL(connection, why string) error {
	return ledger.Invalid("store-url", ledger.Text{
		En: fmt.Sprintf("%s is not the address of an EventStoreDB (%s); it is written esdb://user:password@host:2113?tls=true or esdb+discover://…", Redact(connection), why),
		Zh: fmt.Sprintf("%s 不是 EventStoreDB 地址;写法为 esdb://用户:密码@主机:2113?tls=true 或 esdb+discover://…", Redact(connection)),
	})
}
