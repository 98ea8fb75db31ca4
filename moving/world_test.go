package moving

import (
	"log/slog"
	"testing"

	"poststube/admin"
	"poststube/directory"
	"poststube/mail"
	"poststube/notify/localbus"
	"poststube/storetest"
)

// newService returns a service with anna, ben and the group sales.
func newService(t *testing.T) admin.Service {
	t.Helper()
	log := slog.New(slog.DiscardHandler)
	bus := localbus.New()
	db := storetest.NewKV(t)
	dir, err := directory.Open(t.Context(), db, directory.Options{
		Bus: bus, Log: log, SCRAMIterations: -1, Argon: directory.ArgonParams{Time: 1, Memory: 64, Threads: 1},
	})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(dir.Close)
	engine, err := mail.Open(t.Context(), mail.Config{DB: db, Blobs: storetest.NewBlob(t), Bus: bus, Directory: dir, Log: log, MaxMessage: 5000,
		OnGrant: func(mail.Grant) { t.Error("somebody is told of a right that an import gives") }})
	if err != nil {
		t.Fatal(err)
	}
	s := &admin.Local{Directory: dir, Engine: engine, Reason: "test"}
	if _, err := s.AddUsers(t.Context(), []admin.NewUser{{Name: "anna"}, {Name: "ben"}}, nil); err != nil {
		t.Fatal(err)
	}
	if err := s.AddGroup(t.Context(), "sales"); err != nil {
		t.Fatal(err)
	}
	return s
}

// boxes returns anna's mailboxes by name.
func boxes(t *testing.T, s admin.Service) map[string]admin.Mailbox {
	t.Helper()
	list, err := s.Mailboxes(t.Context(), "anna")
	if err != nil {
		t.Fatal(err)
	}
	all := map[string]admin.Mailbox{}
	for _, b := range list {
		all[b.Name] = b
	}
	return all
}
