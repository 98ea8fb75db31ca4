package imap_test

import (
	"testing"

	"poststube/dialogue"
	"poststube/dialogue/house"
)

func newHouse() (dialogue.World, error) { return house.New() }

// TestTokenDialogues runs those in which people log in with bearer tokens.
func TestTokenDialogues(t *testing.T) {
	dialogue.Run(t, "testdata/tokens/*.txt", func() (dialogue.World, error) { return house.NewWithTokens() })
}

// TestDialogues runs the conversations in testdata, see package dialogue.
func TestDialogues(t *testing.T) { dialogue.Run(t, "testdata/*.txt", newHouse) }

// TestHostile runs those of them that attack, alone.
func TestHostile(t *testing.T) { dialogue.Run(t, "testdata/hostile-*.txt", newHouse) }
