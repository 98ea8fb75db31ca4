package imap_test

import (
	"testing"

	"poststube/dialogue"
	"poststube/dialogue/house"
)

func newHouse() (dialogue.World, error) { return house.New() }

// TestDialogues runs the conversations in testdata, see package dialogue.
func TestDialogues(t *testing.T) { dialogue.Run(t, "testdata/*.txt", newHouse) }

// TestHostile runs those of them that attack, alone.
func TestHostile(t *testing.T) { dialogue.Run(t, "testdata/hostile-*.txt", newHouse) }
