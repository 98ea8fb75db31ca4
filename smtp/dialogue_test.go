package smtp

import (
	"testing"

	"poststube/dialogue"
)

// TestDialogues runs the conversations in testdata.
func TestDialogues(t *testing.T) {
	dialogue.Run(t, "testdata/*.txt", func() (dialogue.World, error) { return newWorld(Limits{}) })
}
