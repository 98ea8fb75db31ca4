package localbus_test

import (
	"testing"

	"poststube/notify/localbus"
)

func TestPublish(t *testing.T) {
	b := localbus.New()
	s := b.Subscribe()
	defer s.Close()
	s.Set("anna", "ben")
	b.Publish("clara", "ben")
	select {
	case <-s.C():
	default:
		t.Error("no hint")
	}
	s.Set("anna")
	b.Publish("ben")
	select {
	case <-s.C():
		t.Error("hint for a topic that was left")
	default:
	}
}
