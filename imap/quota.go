package imap

import (
	"strconv"
	"strings"

	"poststube/directory"
	"poststube/mail"
)

// quota is RFC 9208: a quota root for each person and each group, with all
// mailboxes that they own. Limits are set by the administrator and not over
// IMAP, hence no QUOTASET.
func quota() extension {
	return extension{
		name:         "QUOTA",
		rfc:          "RFC 9208",
		capabilities: always("QUOTA", "QUOTA=RES-STORAGE", "QUOTA=RES-MESSAGE"),
		commands: []command{
			{name: "GETQUOTA", states: loggedIn, read: readGetQuota},
			{name: "GETQUOTAROOT", states: loggedIn, read: readGetQuotaRoot},
			{name: "SETQUOTA", states: loggedIn, read: readSetQuota},
		},
		status: []statusItem{{name: "DELETED-STORAGE", append: func(_ *session, dst []byte, st *mail.Status) []byte {
			return strconv.AppendInt(dst, st.DeletedSize, 10)
		}}},
	}
}

// Prefixes of the names of quota roots.
const (
	userRoot  = "#user/"
	groupRoot = "#group/"
)

// rootOf names the quota root of an owner.
func rootOf(owner directory.Principal) string {
	if owner.Kind == directory.Group {
		return groupRoot + owner.Name
	}
	return userRoot + owner.Name
}

// quotaOf finds a quota root by its name.
func (s *session) quotaOf(root string) (owner directory.Principal, used, limit mail.Quota, err error) {
	if name, ok := strings.CutPrefix(root, groupRoot); ok {
		return s.user.QuotaOf(s.ctx, directory.Group, name)
	}
	name, _ := strings.CutPrefix(root, userRoot)
	if userRoot+name != root {
		name = "" // nobody's
	}
	return s.user.QuotaOf(s.ctx, directory.Person, name)
}

// readGetQuota reads GETQUOTA (section 4.1.1).
func readGetQuota(p *parser) run {
	p.SP()
	root := p.AString()
	return func(s *session) (answer, error) {
		owner, used, limit, err := s.quotaOf(root)
		if err == nil {
			s.quotaLine(rootOf(owner), used, limit)
		}
		return answer{}, err
	}
}

// readGetQuotaRoot reads GETQUOTAROOT (section 4.1.2). Without any limit there is
// no root to tell of: Thunderbird 153 takes a QUOTA response with an empty list,
// valid as it is, for a syntax error, eats one more line of what follows, and
// gives up the connection if that was not the tagged one.
func readGetQuotaRoot(p *parser) run {
	mailbox := readMailboxName(p)
	return func(s *session) (answer, error) {
		owner, used, limit, err := s.user.Quota(s.ctx, mailbox)
		if err != nil {
			return answer{}, err
		}
		s.enc.Raw("* QUOTAROOT ").Mailbox(mailbox)
		if limit == (mail.Quota{}) {
			s.enc.CRLF()
			return answer{}, nil
		}
		root := rootOf(owner)
		s.enc.SP().AString(root).CRLF()
		s.quotaLine(root, used, limit)
		return answer{}, nil
	}
}

// quotaLine writes a QUOTA response (section 4.2.1) with the resources that are
// limited. Storage is in units of 1024 octets, what is used rounded up, so that
// the root is not full before it shows.
func (s *session) quotaLine(root string, used, limit mail.Quota) {
	const unit = 1024
	e := s.enc.Raw("* QUOTA ").AString(root).Raw(" (")
	if limit.Bytes > 0 {
		e.Raw("STORAGE ").Uint64(uint64(used.Bytes+unit-1) / unit).SP().Uint64(uint64(limit.Bytes) / unit)
	}
	if limit.Messages > 0 {
		if limit.Bytes > 0 {
			e.SP()
		}
		e.Raw("MESSAGE ").Uint64(used.Messages).SP().Uint64(limit.Messages)
	}
	e.Raw(")").CRLF()
}

// readSetQuota reads SETQUOTA (section 4.1.3), which nobody may do here. Whether
// there is such a root is told to those who may know.
func readSetQuota(p *parser) run {
	p.SP()
	root := p.AString()
	p.SP()
	p.List(func() {
		p.Atom()
		p.SP()
		p.Number64()
	})
	return func(s *session) (answer, error) {
		if _, _, _, err := s.quotaOf(root); err != nil {
			return answer{}, err
		}
		return answer{}, no("NOPERM", "Quotas are set by the administrator, not over IMAP")
	}
}
