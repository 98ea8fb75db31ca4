package server

import (
	"errors"
	"fmt"
	"log/slog"
	"net"
	"os"
	"strings"
	"time"

	"poststube/imap"
)

// A Config is what belongs to this node, not to the mail system: everything has
// a default, none is needed to start. The tag toml is the key in the file; doc
// is its documentation, from which docs/config.md is made. Each key can also be
// set as an environment variable, see Environ.
type Config struct {
	HostName  string    `toml:"host_name" doc:"The name of this host in greetings, in Received fields and in the certificate that is made at the first start. Default: the system's host name."`
	Domains   []string  `toml:"domains" doc:"Domains for which people without a domain in their name receive mail. Default: none, which means every domain."`
	Listen    Listen    `toml:"listen" doc:"Where each protocol listens: \"host:port\", or \"unix:PATH\". An empty list switches a protocol off. Any --listen on the command line replaces all of these."`
	Sockets   Sockets   `toml:"sockets" doc:"The files of the listeners on unix sockets, all but the control socket, which is for the server's own user."`
	TLS       TLS       `toml:"tls" doc:"The certificate. Without one, a self-signed certificate is made in the data directory."`
	Names     Names     `toml:"names" doc:"Where the mailboxes of others are seen. Neither can be empty."`
	Limits    Limits    `toml:"limits" doc:"What one client, one user or one address can ask for."`
	IMAP      IMAP      `toml:"imap" doc:"What IMAP offers to whom."`
	Storage   Storage   `toml:"storage" doc:"How the store uses memory and disk."`
	LDAP      LDAP      `toml:"ldap" doc:"An LDAP server that people and groups come from, see directory.md. Passwords are checked there, and SCRAM is not offered."`
	OIDC      OIDC      `toml:"oidc" doc:"An OpenID Connect provider whose access tokens people can log in with (OAUTHBEARER, XOAUTH2), see directory.md."`
	Sharing   Sharing   `toml:"sharing" doc:"What happens when mailboxes are shared."`
	Retention Retention `toml:"retention" doc:"What is kept of what was deleted or done."`
	Log       Log       `toml:"log" doc:"What is written to standard error."`
}

// Listen holds the addresses of each protocol.
type Listen struct {
	IMAP  []string `toml:"imap" doc:"IMAP, with STARTTLS. Passwords are taken in clear from loopback addresses only."`
	IMAPS []string `toml:"imaps" doc:"IMAP over TLS."`
	LMTP  []string `toml:"lmtp" doc:"Delivery from a mail transfer agent. Whoever can connect can deliver: keep it on a loopback address or on a unix socket."`
	SASL  []string `toml:"sasl" doc:"Dovecot's authentication protocol, by which the submission service of a mail transfer agent checks passwords. Whoever can connect can try passwords and say from which address they come: keep it on a unix socket. Default: not offered."`

	Metrics   []string `toml:"metrics" doc:"HTTP, with /metrics for Prometheus, /health and /ready: see docs/metrics.md. It needs no login: keep it on a loopback address or in a network of your own. Default: not offered."`
	Socketmap []string `toml:"socketmap" doc:"Postfix's socketmap protocol, with the maps recipients and senders. Whoever can connect can find out who is here: keep it on a unix socket. Default: not offered."`
}

// Sockets says who can connect to listeners on unix sockets.
type Sockets struct {
	Mode  FileMode `toml:"mode" doc:"Permissions, in octal."`
	Group string   `toml:"group" doc:"The group that owns the sockets, by name or number; the server must be a member of it or run as root. Default: that of the server, or of the directory if that has the set-group-ID bit."`
}

// TLS names the certificate.
type TLS struct {
	Certificate string `toml:"certificate" doc:"A PEM file with the certificate and its chain. It is read again when it has changed."`
	Key         string `toml:"key" doc:"A PEM file with the private key."`
}

// Names are the prefixes of the namespaces of RFC 2342.
type Names struct {
	OtherUsers string `toml:"other_users" doc:"Before the names of mailboxes that other people share, with the separator \"/\" at its end."`
	Shared     string `toml:"shared" doc:"Before the names of groups' mailboxes, with the separator \"/\" at its end."`
}

// IMAP says what IMAP offers.
type IMAP struct {
	Hide []string `toml:"hide" doc:"Capabilities that are hidden from some: each entry is \"CLIENT USER CAPABILITY...\", where CLIENT is compared with what a mail program says of itself (ID) and USER with the login name, \"*\" stands for any text. What is hidden cannot be used. \"* * UNAUTHENTICATE\" switches UNAUTHENTICATE off for all."`
}

// profiles returns what is hidden, as package imap takes it.
func (c *IMAP) profiles() ([]imap.Profile, error) {
	list := []imap.Profile{} // not nil, which would mean the default
	for _, text := range c.Hide {
		p, err := imap.ParseProfile(text)
		if err != nil {
			return nil, err
		}
		list = append(list, p)
	}
	return list, nil
}

// Storage sizes the store.
type Storage struct {
	Cache    Size `toml:"cache" doc:"Memory that blocks which were read may always have."`
	MemTable Size `toml:"mem_table" doc:"Memory for writes until they become a table. Up to four times as much under load; what is not used of that serves blocks that were read."`
	Compress bool `toml:"compress" doc:"Compress all messages of up to 64 KiB. Text then takes half the room, attachments hardly less; taking mail in costs a quarter more CPU."`
	MinFree  Size `toml:"min_free" doc:"With less free space on the disk, new mail is refused for the time being; reading, flags and expunging go on."`
	Ballast  Size `toml:"ballast" doc:"A file that is thrown off when somebody else fills the disk, so that the store can close in order."`
}

// Sharing says what happens when mailboxes are shared.
type Sharing struct {
	Announce bool   `toml:"announce" doc:"Tell people by a short mail that a mailbox was shared with them."`
	Language string `toml:"language" doc:"Of these mails: \"en\" or \"de\"."`
}

// Retention says how long what was deleted, and what was done, is remembered.
type Retention struct {
	Deleted Duration `toml:"deleted" doc:"How long expunged messages and deleted mailboxes can be had back."`
	Log     Duration `toml:"log" doc:"How long the change log, and with it the audit trail, is kept; not shorter than deleted."`
}

// Log sets the log up.
type Log struct {
	Level  slog.Level `toml:"level" doc:"\"debug\", \"info\", \"warn\" or \"error\"."`
	Format string     `toml:"format" doc:"\"text\": a line of key=value for each event; or \"json\": an object in a line."`
}

// Default returns the configuration that holds where nothing is said.
func Default() Config {
	return Config{
		Listen:    Listen{IMAP: []string{":143"}, IMAPS: []string{":993"}, LMTP: []string{"127.0.0.1:24"}},
		Sockets:   Sockets{Mode: 0o660},
		Names:     Names{OtherUsers: "Users/", Shared: "Shared/"},
		Limits:    defaultLimits(),
		IMAP:      IMAP{Hide: defaultHide()},
		Storage:   Storage{Cache: 64 << 20, MemTable: 32 << 20, MinFree: 1 << 30, Ballast: 64 << 20},
		LDAP:      defaultLDAP(),
		OIDC:      defaultOIDC(),
		Sharing:   Sharing{Announce: true, Language: "en"},
		Retention: Retention{Deleted: Duration(30 * 24 * time.Hour), Log: Duration(400 * 24 * time.Hour)},
		Log:       Log{Format: "text"},
	}
}

// defaultHide is what package imap hides by itself.
func defaultHide() (hide []string) {
	for _, p := range imap.DefaultProfiles() {
		hide = append(hide, p.String())
	}
	return hide
}

// Check returns what is wrong with the values of a configuration, all of it.
func (c *Config) Check() error {
	var errs []error
	bad := func(key, format string, args ...any) {
		errs = append(errs, fmt.Errorf("%s: %s", key, fmt.Sprintf(format, args...)))
	}
	for _, a := range c.Listen.all() {
		if err := a.check(); err != nil {
			errs = append(errs, err)
		}
	}
	if _, err := c.Sockets.gid(); err != nil {
		bad("sockets.group", "%v", err)
	}
	if (c.TLS.Certificate == "") != (c.TLS.Key == "") {
		bad("tls", "certificate and key belong together, but only one is given")
	}
	for key, prefix := range map[string]string{"names.other_users": c.Names.OtherUsers, "names.shared": c.Names.Shared} {
		if len(prefix) < 2 || !strings.HasSuffix(prefix, "/") {
			bad(key, "%q is not a name with \"/\" at its end", prefix)
		}
	}
	if _, err := c.IMAP.profiles(); err != nil {
		bad("imap.hide", "%v", err)
	}
	if least := c.Storage.Cache + 4*c.Storage.MemTable + 64<<20; c.Limits.Memory != 0 && c.Limits.Memory < least {
		bad("limits.memory", "%v is less than %v, which storage.cache and storage.mem_table can take: make one of them smaller, or this larger", c.Limits.Memory, least)
	}
	if _, err := newAnnouncer(c.Sharing.Language, "", nil); err != nil {
		errs = append(errs, err)
	}
	if _, err := c.OIDC.tokens(); err != nil {
		errs = append(errs, err)
	}
	if _, err := c.LDAP.source(); err != nil {
		errs = append(errs, err)
	}
	if f := c.Log.Format; f != "text" && f != "json" {
		bad("log.format", "%q is not \"text\" or \"json\"", f)
	}
	if c.Names.OtherUsers == c.Names.Shared {
		bad("names", "other_users and shared must differ")
	}
	for _, n := range []struct {
		key   string
		value int64
		least int64
	}{
		{"storage.cache", int64(c.Storage.Cache), 1 << 20},
		{"storage.mem_table", int64(c.Storage.MemTable), 1 << 20},
	} {
		if n.value < n.least {
			bad(n.key, "%d is too small, the least is %d", n.value, n.least)
		}
	}
	c.Limits.check(bad)
	return errors.Join(errs...)
}

// hostName returns the configured name, or the system's.
func (c *Config) hostName() string {
	if c.HostName != "" {
		return c.HostName
	}
	if name, err := os.Hostname(); err == nil && name != "" && net.ParseIP(name) == nil {
		return name
	}
	return "localhost"
}
