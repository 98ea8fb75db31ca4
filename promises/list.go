package promises

// A Promise is what users may rely on, with the test that proves it.
type Promise struct {
	Area    string
	Says    string
	Package string // of the test, relative to the root of the module
	Test    string
	// Long is the value of $POSTSTUBE_LONG for a release, or 0 if the test has
	// one form only.
	Long int
}

// Command is how to check the promise alone.
func (p Promise) Command() string {
	return "go test -v -count 1 -timeout 0 -run '^" + p.Test + "$' ./" + p.Package
}

// List returns all promises that have a test.
func List() []Promise {
	return []Promise{
		{"durable", "What was acknowledged over IMAP, LMTP or the command line survives SIGKILL: messages, flags, mailboxes, rights, annotations, groups, quotas, imports. No UID names another message, no modseq falls, a delivery or an import that is repeated is there once.", "promises", "TestKill", 1000},
		{"durable", "What was acknowledged, or shown to a reader, survives a power cut. Search finds what is there.", "promises", "TestPowerCut", 100000},
		{"durable", "The rig above notices a disk that only claims to sync.", "promises", "TestPowerCutFinds", 0},
		{"durable", "The key-value store keeps what it acknowledged when the power fails.", "kv/pebblekv", "TestCrash", 100000},
		{"durable", "The files of large messages are whole or not there when the power fails.", "blob/dirblob", "TestCrash", 10000},
		{"durable", "Many clients of all kinds, for long, with a kill every minute: no command fails, memory stays bounded, nothing is lost.", "promises", "TestSoak", 30},
		{"atomic", "When the disk fails or is full, a command is done as a whole or not at all, and verify finds nothing.", "promises", "TestFaults", 1},
		{"isolated", "What a user is told is the same with and without the mail of others.", "promises", "TestNonInterference", 10000},
		{"isolated", "Every command, with every right: answered as the right says, and as if there were no such mailbox without it.", "imap", "TestMatrix", 0},
		{"isolated", "All ways to a mailbox pass one check of rights.", "promises", "TestOneDoor", 0},
		{"correct", "A mailbox of several users is what a model says, and clients that only follow changes believe what is true.", "mail", "TestHistories", 0},
		{"correct", "Sessions at the same time believe what is true.", "imap", "TestPictures", 10000},
		{"correct", "What sessions do to a message at the same time, and what they are told of it, has one order in which every answer is right; of two conditional changes one wins.", "promises", "TestLinear", 10000},
		{"correct", "The rig above refuses what no server may answer.", "promises", "TestLinearFinds", 0},
		{"correct", "A client that comes and goes, in the middle of an answer too, ends in the true state by QRESYNC or CONDSTORE.", "imap", "TestOffline", 10000},
		{"bounded", "Lines, literals, nesting and sequence sets of IMAP have limits with answers.", "imap/wire", "TestLimits", 0},
		{"bounded", "A client that does not read is cut off.", "imap", "TestSlowReader", 0},
		{"bounded", "Compressed commands unpack to no more than others may have.", "imap", "TestCompressBomb", 0},
		{"bounded", "LMTP has limits for messages, recipients, lines and connections.", "smtp", "TestLimits", 0},
		{"bounded", "A search, sort, fetch or list that works for too long is refused, and the session goes on.", "imap", "TestCommandTime", 0},
		{"bounded", "Long commands take turns, user by user, and short ones wait for none.", "mail", "TestTurnsAreFair", 0},
		{"bounded", "With little memory left, what would grow is refused by a named reply, and sessions read on.", "server", "TestTightMemory", 0},
		{"bounded", "Under attack by 64 connections of each bomb the process keeps to its memory, and others are served.", "promises", "TestOverload", 20},
		{"bounded", "Ten thousand sessions over TLS wait while a hundred people work as before.", "promises", "TestTenThousand", 10000},
		{"bounded", "Each limit of what an IMAP command asks for holds at its border, with its reply, and the session goes on.", "imap", "TestSessionLimits", 0},
		{"bounded", "For a client that does not read no more than 256 KiB are written ahead.", "imap", "TestOutputBound", 0},
		{"bounded", "200 silent connections keep nobody from logging in.", "imap", "TestSilentConnections", 0},
		{"bounded", "Hostile messages cost no more than their size: 20 ns and 8 bytes for each octet.", "message", "TestTorture", 0},
		{"bounded", "Key derivations of a flood of logins let those from elsewhere pass.", "directory", "TestLineIsFair", 0},
		{"bounded", "A session that waits over TLS takes no more than 32 KiB.", "imap", "TestIdleTLSMemory", 0},
		{"secure", "Hostile dialogues of IMAP: injection, names, literals, numbers, windows.", "imap", "TestHostile", 0},
		{"secure", "Hostile dialogues of LMTP: commands behind a message, octets that are none of a command, browsers.", "smtp", "TestHostile", 0},
		{"secure", "A login tells by its work and its time not who exists.", "directory", "TestSameWork", 0},
		{"secure", "The same, measured: medians within a tenth.", "directory", "TestLoginTimes", 0},
		{"secure", "What a session leaves in buffers is not said to the next.", "imap", "TestPooledMemory", 0},
		{"secure", "Files of the data directory and of backups are for their owner alone.", "promises", "TestPermissions", 0},
		{"secure", "TLS is at Mozilla's intermediate level, with ALPN.", "server", "TestTLSPolicy", 0},
		{"secure", "Tickets resume sessions, and end with the certificate.", "server", "TestTickets", 0},
		{"secure", "SCRAM binds logins to the TLS connection and to the certificate.", "imap", "TestSCRAM", 0},
		{"bounded", "Guessing passwords gets slow, for the guesser.", "directory", "TestPenaltyGrows", 0},
		{"strict", "Only CR LF . CR LF ends a message.", "smtp", "TestSmuggling", 0},
		{"disk", "A disk that fails stops the store at once; nothing that was acknowledged is lost.", "kv/pebblekv", "TestFailedDisk", 0},
		{"disk", "When the disk is nearly full, the store refuses to grow, reading goes on, freeing space stays possible, and writing resumes by itself.", "kv/pebblekv", "TestMinFree", 0},
		{"disk", "On a full disk deliveries are put off, APPEND and COPY refused; reading, flags and deleting go on, and mail is taken again by itself.", "promises", "TestFullDisk", 0},
		{"disk", "When the store has failed, the server ends at once with exit code 70, and what it acknowledged is there when it starts again.", "promises", "TestFailedStore", 0},
		{"checked", "Verify finds a flipped bit, a cut and a loss in every kind of record.", "mail", "TestCorruption", 0},
		{"checked", "Verify finds damage in every file of the data directory, and nothing panics on it.", "server", "TestDamagedStore", 0},
		{"repaired", "After verify --repair verify finds nothing, and every message is there whose octets can be read.", "mail", "TestRepair", 0},
		{"repaired", "A store without a fault is not changed by a repair.", "mail", "TestRepairNothing", 0},
		{"saved", "A backup under load shows one moment, and what was acknowledged before it is in it.", "server", "TestBackupOneInstant", 0},
		{"saved", "A further backup copies what is new, and each is whole without the others.", "server", "TestBackup", 0},
		{"saved", "A damaged backup is refused, whichever file it is, and leaves nothing behind.", "server", "TestRestoreDamaged", 0},
		{"saved", "After a restore no client takes a message for another one: UIDVALIDITY is new, modseqs are above all that were given.", "mail", "TestRestored", 0},
		{"saved", "Single mailboxes and messages of a backup come back beside what is here: nothing is changed, nothing doubled, also when it is done again.", "moving", "TestRestoreAddsWhatIsMissing", 0},
		{"saved", "No jump of the clock lets a UIDVALIDITY, UID or modseq come again.", "mail", "TestClockJumps", 0},
		{"saved", "Data directories of all earlier formats are upgraded, also when that is interrupted; newer ones are refused.", "server", "TestUpgrade", 0},
		{"contained", "A bug in a command costs its session only.", "imap", "TestPanic", 0},
		{"private", "The log holds no password and nothing of a message.", "promises", "TestLogs", 0},
	}
}
