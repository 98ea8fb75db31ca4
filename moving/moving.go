// Package moving takes whole accounts over from elsewhere, and hands them out.
//
// A Source is where mail comes from; Import drives admin.Service with it. What
// was taken is remembered in the store, in the same commit as the message, by
// what identifies the message at its source. So an import that was cut off
// anywhere is simply done again, and one that is done again adds what is new.
// It never removes anything and never changes what it brought before: from then
// on the mail is the user's.
package moving

import (
	"context"
	"iter"
	"time"

	"poststube/admin"
)

// A Source is one person's mail somewhere else. One goroutine uses it at a time.
type Source interface {
	// Folders lists the folders, parents before children.
	Folders(ctx context.Context) ([]Folder, error)
	// Open looks at one of them.
	Open(ctx context.Context, f Folder) (*Contents, error)
	// Problems are what could not be read beside the folders.
	Problems() []Problem
	Close() error
}

// A Folder is a folder of a source.
type Folder struct {
	Name       string // UTF-8, levels joined by "/"; INBOX is the inbox
	Messages   int    // for progress, may be an estimate
	Subscribed bool
	SpecialUse []string // RFC 6154, with backslash
	key        string   // what the source calls it
	everything bool     // it shows what other folders hold, and what none does
}

// Contents are what is in a folder.
type Contents struct {
	UIDValidity, UIDNext uint32 // 0: unknown
	ACL                  []Entry
	Problems             []Problem
	// Messages yields the messages whose Source is not known, in ascending
	// order of UIDs, and reports those that cannot be read. It is called once.
	Messages func(known func(source string) bool, report func(Problem)) iter.Seq2[admin.Message, error]
}

// An Entry gives rights, in letters of RFC 4314, to somebody as the source names
// them.
type Entry struct{ Identifier, Rights string }

// A Problem is something that was not taken over, and why.
type Problem struct {
	Folder  string `json:"folder,omitempty"`
	Message string `json:"message,omitempty"` // as the source names it
	Text    string `json:"problem"`
}

// A Report tells what an import did.
type Report struct {
	Owner    string         `json:"owner"`
	Messages int            `json:"messages"` // taken over now
	Known    int            `json:"known"`    // taken over before
	Octets   int64          `json:"octets"`
	Seconds  float64        `json:"seconds"`
	Folders  []FolderReport `json:"folders"`
	Problems []Problem      `json:"problems,omitempty"`
	// MoreProblems counts those beyond MaxProblems.
	MoreProblems int `json:"more_problems,omitempty"`
}

// MaxProblems is how many problems a report describes.
const MaxProblems = 1000

// A FolderReport tells of one folder.
type FolderReport struct {
	Source   string `json:"source"`
	Mailbox  string `json:"mailbox"`
	Messages int    `json:"messages"`
	Known    int    `json:"known"`
	UIDsKept bool   `json:"uids_kept"`
}

func (r *Report) problem(p Problem) {
	if len(r.Problems) == MaxProblems {
		r.MoreProblems++
		return
	}
	r.Problems = append(r.Problems, p)
}

// Progress is how far an import is.
type Progress struct {
	Folder string
	Done   int // messages dealt with: taken over now, or before
	Total  int
	Octets int64
	Taken  int // of Done, now
}

// Options of an import.
type Options struct {
	Owner string
	// Under is the mailbox under which all folders come; "": as they are.
	Under string
	// Progress, if not nil, hears of every batch that is stored.
	Progress func(Progress)
	Now      func() time.Time // nil: time.Now
}
