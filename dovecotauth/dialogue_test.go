package dovecotauth_test

import (
	"testing"

	"poststube/dialogue"
	"poststube/dialogue/house"
)

// TestDialogues runs the conversations in testdata.
func TestDialogues(t *testing.T) {
	dialogue.Run(t, "testdata/*.txt", func() (dialogue.World, error) { return house.New() })
}
