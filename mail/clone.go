package mail

import "slices"

// Clone returns a copy of m that stays valid after the visit in which m was
// given.
func (m *Message) Clone() *Message {
	c := *m
	c.Flags.Keywords = slices.Clone(m.Flags.Keywords)
	c.Envelope, c.Body, c.BodyStructure = slices.Clone(m.Envelope), slices.Clone(m.Body), slices.Clone(m.BodyStructure)
	c.Headers, c.preview = slices.Clone(m.Headers), slices.Clone(m.preview)
	c.Structure, c.Raw = slices.Clone(m.Structure), slices.Clone(m.Raw)
	return &c
}
