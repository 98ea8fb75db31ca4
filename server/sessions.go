package server

import (
	"fmt"

	"poststube/admin"
)

// online lets the administrator see and end the sessions of all protocols.
func (s *Server) online() *admin.Online {
	return &admin.Online{Sessions: s.sessions, End: s.end}
}

func (s *Server) sessions() []admin.Session {
	list := []admin.Session{}
	for _, i := range s.imap.Sessions() {
		list = append(list, admin.Session{
			ID: fmt.Sprintf("imap:%d", i.ID), User: i.User, Remote: i.Remote, Since: i.Since, Client: i.Client, Mailbox: i.Mailbox,
		})
	}
	for _, i := range s.smtp.Sessions() {
		list = append(list, admin.Session{ID: fmt.Sprintf("lmtp:%d", i.ID), Remote: i.Remote, Since: i.Since, Client: i.Client})
	}
	return list
}

func (s *Server) end(list []admin.Session) {
	var imap, lmtp []uint64
	for _, i := range list {
		var id uint64
		if n, _ := fmt.Sscanf(i.ID, "imap:%d", &id); n == 1 {
			imap = append(imap, id)
		} else if n, _ := fmt.Sscanf(i.ID, "lmtp:%d", &id); n == 1 {
			lmtp = append(lmtp, id)
		}
		s.log.Info("session ended by an administrator", "session", i.ID, "user", i.User, "remote", i.Remote)
	}
	s.imap.Kick(imap...)
	s.smtp.Kick(lmtp...)
}
