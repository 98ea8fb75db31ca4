package smtp

import (
	"testing"

	"poststube/dialogue"
)

// TestDialogues runs the conversations in testdata.
func TestDialogues(t *testing.T) {
	dialogue.Run(t, "testdata/*.txt", func() (dialogue.World, error) { return newWorld(Limits{}) })
}

// TestHostile runs those of them that attack, alone.
func TestHostile(t *testing.T) {
	dialogue.Run(t, "testdata/hostile*.txt", func() (dialogue.World, error) { return newWorld(Limits{}) })
}
