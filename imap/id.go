package imap

import (
	"log/slog"
	"strings"
)

// id is RFC 2971.
func id() extension {
	return extension{
		name:         "ID",
		rfc:          "RFC 2971",
		capabilities: always("ID"),
		commands:     []command{{name: "ID", states: anyState, read: readID}},
	}
}

// RFC 2971 section 3.3 bounds what a client may say of itself.
const (
	maxIDFields = 30
	maxIDField  = 30
	maxIDValue  = 1024
)

func readID(p *parser) run {
	p.SP()
	var fields []string // name, value, name, value, …
	if p.TryWord("NIL") {
		return runID(nil)
	}
	p.List(func() {
		name := p.Str()
		p.SP()
		value, _ := p.NString()
		if len(name) > maxIDField || len(value) > maxIDValue || len(fields) >= 2*maxIDFields {
			p.Expected("at most 30 fields of 30 and values of 1024 octets")
			return
		}
		fields = append(fields, name, value)
	})
	return runID(fields)
}

func runID(fields []string) run {
	return func(s *session) (answer, error) {
		var name, version string
		for i := 0; i+1 < len(fields); i += 2 {
			switch strings.ToLower(fields[i]) {
			case "name":
				name = fields[i+1]
			case "version":
				version = fields[i+1]
			}
		}
		if client := strings.TrimSpace(name + " " + version); client != "" {
			s.log.Info("client", slog.String("id", client))
			if s.user != nil {
				s.user.SetClient(client)
			}
			s.client = client
			s.setProfile()
		}
		s.enc.Raw(`* ID ("name" `).String(s.srv.name)
		if s.srv.version != "" {
			s.enc.Raw(` "version" `).String(s.srv.version)
		}
		s.enc.Raw(")").CRLF()
		return answer{}, nil
	}
}
