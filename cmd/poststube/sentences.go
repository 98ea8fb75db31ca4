package main

import "slices"

// sentences are the formats of errors in the packages of poststube, with their
// German. A test holds each against the code that it is from, and the engine's
// against this list: a sentence that changes there changes here.
func sentences() []text {
	return slices.Concat(mailboxSentences(), messageSentences(), rightsSentences(), peopleSentences(), nodeSentences())
}

func mailboxSentences() []text {
	return []text{
		{"there is no such mailbox", "dieses Postfach gibt es nicht"},
		{"there is no such mailbox; create it first", "dieses Postfach gibt es nicht; zuerst anlegen"},
		{"there is a mailbox of that name already", "ein Postfach dieses Namens gibt es schon"},
		{"the mailbox has others beneath it: delete or move them first", "unter dem Postfach sind weitere: diese zuerst löschen oder verschieben"},
		{"the INBOX cannot be deleted", "der INBOX kann nicht gelöscht werden"},
		{"a mailbox cannot be moved beneath itself", "ein Postfach kann nicht unter sich selbst kommen"},
		{"a mailbox cannot change its owner: create one there and move the messages", "ein Postfach kann nicht den Eigner wechseln: dort eines anlegen und die Nachrichten verschieben"},
		{"a mailbox cannot be called %q", "ein Postfach kann nicht %s heißen"},
		{"a mailbox name must be valid UTF-8", "der Name eines Postfachs muss gültiges UTF-8 sein"},
		{"a mailbox name has no spaces at its ends", "der Name eines Postfachs hat keine Leerzeichen an den Enden"},
		{"a mailbox name has no empty level: leave out double and leading slashes", "der Name eines Postfachs hat keine leere Ebene: doppelte und führende Schrägstriche weglassen"},
		{"a mailbox name has no control characters", "der Name eines Postfachs hat keine Steuerzeichen"},
		{"a mailbox name has no %q: it is a wildcard", "der Name eines Postfachs hat kein %s: das ist ein Platzhalter"},
		{"a mailbox name has at most %d octets", "der Name eines Postfachs hat höchstens %d Oktette"},
		{"a level of a mailbox name has at most %d octets", "eine Ebene im Namen eines Postfachs hat höchstens %d Oktette"},
		{"mailbox names have at most %d levels", "Namen von Postfächern haben höchstens %d Ebenen"},
		{"%d mailboxes are the limit: delete some", "%d Postfächer sind die Grenze: einige löschen"},
		{"a mailbox of somebody else is mounted under that name: delete or rename that first", "unter diesem Namen ist ein fremdes Postfach eingehängt: das zuerst aushängen oder umbenennen"},
		{"%d mounts are the limit: remove one", "%d eingehängte Postfächer sind die Grenze: eines aushängen"},
		{"a mount stays in your own tree, and outside of other mounts", "eingehängt wird nur im eigenen Baum, und nicht unter anderem Eingehängten"},
		{"only people mount, and only what is not theirs", "nur Personen hängen ein, und nur, was nicht ihres ist"},
		{"names that begin like this are kept for shared mailboxes", "Namen, die so anfangen, sind freigegebenen Postfächern vorbehalten"},
		{"this name cannot be used", "dieser Name geht nicht"},
		{"this name stands for %s; create a mailbox beneath it", "dieser Name steht für %s; ein Postfach darunter anlegen"},
		{"a mailbox cannot be created for the use %s", "für den Zweck %s lässt sich kein Postfach anlegen"},
		{"special uses are for your own mailboxes only", "besondere Zwecke haben nur eigene Postfächer"},
		{"%s is for %s already", "%s ist schon für %s da"},
		{"you are subscribed to %d names that do not exist: unsubscribe from some", "%d Namen sind abonniert, die es nicht gibt: einige abbestellen"},
		{"the mailbox has given all its UIDs: copy its messages to a new one", "das Postfach hat alle UIDs vergeben: die Nachrichten in ein neues kopieren"},
		{"the mailbox has %d different keywords already, which is the limit", "das Postfach hat schon %d verschiedene Schlagwörter, mehr gehen nicht"},
		{"a keyword has 1 to %d octets", "ein Schlagwort hat 1 bis %d Oktette"},
		{"a keyword cannot contain %q", "ein Schlagwort kann kein %s enthalten"},
		{"this mailbox belongs to somebody else: name its owner", "dieses Postfach gehört jemand anderem: den Eigner nennen"},
		{"%s: did you mean %q?", "%s: gemeint ist vielleicht %s"},
	}
}

func messageSentences() []text {
	return []text{
		{"the message is no longer there", "die Nachricht ist nicht mehr da"},
		{"the message is larger than the %d octets that are taken here", "die Nachricht ist größer als die %d Oktette, die hier angenommen werden"},
		{"the quota of %d octets is used up", "die Grenze von %d Oktetten ist erreicht"},
		{"the quota of %d messages is used up", "die Grenze von %d Nachrichten ist erreicht"},
		{"there is no such quota root", "für dieses Konto gibt es keine Grenze"},
		{"a quota is not negative; 0 means none", "eine Grenze ist nicht negativ; 0 heißt: keine"},
		{"only the administrator sets quotas", "Grenzen setzt nur der Verwalter"},
		{"the server's storage is full, nothing was changed", "der Speicher des Servers ist voll, nichts wurde geändert"},
		{"the server ended the command before it was done", "der Server hat den Befehl vor seinem Ende abgebrochen"},
		{"the command takes more work than %v: ask for less, such as fewer messages", "der Befehl braucht mehr Rechenzeit als %s: weniger verlangen, etwa weniger Nachrichten"},
		{"the server is shutting down", "der Server hält gerade an"},
		{"stored data is damaged, the server's log has more", "gespeicherte Daten sind beschädigt, im Log des Servers steht mehr"},
		{"internal error, the server's log has the cause", "interner Fehler, die Ursache steht im Log des Servers"},
		{"there is no such recipient here", "diesen Empfänger gibt es hier nicht"},
		{"the recipient has no INBOX at the moment", "der Empfänger hat gerade keinen INBOX"},
		{"this is not a mail address", "das ist keine Mailadresse"},
	}
}

func rightsSentences() []text {
	return []text{
		{"there is nobody called %q here", "hier heißt niemand %s"},
		{"%q is a %s: write %q", "%s ist eine %s: %s schreiben"},
		{"these rights come from a mailbox above: change them there, or set none here", "diese Rechte kommen von einem Postfach darüber: dort ändern, oder hier none setzen"},
		{"the mailbox has %d entries already: put people into a group", "das Postfach hat schon %d Einträge: Personen in eine Gruppe stecken"},
		{"this annotation follows from the rights and cannot be set", "diese Anmerkung folgt aus den Rechten und lässt sich nicht setzen"},
		{"only the administrator sets annotations of the server", "Anmerkungen des Servers setzt nur der Verwalter"},
		{"%q cannot be private: name \\Seen, \\Answered, \\Flagged, \\Draft or $keywords, or none", "%s kann nicht jedermanns eigenes sein: \\Seen, \\Answered, \\Flagged, \\Draft oder $keywords nennen, oder none"},
		{"an annotation has at most %d octets", "eine Anmerkung hat höchstens %d Oktette"},
		{"an annotation begins with /shared/ or /private/", "eine Anmerkung beginnt mit /shared/ oder /private/"},
		{"this is not the name of an annotation", "so heißt keine Anmerkung"},
		{"the name of an annotation has printable ASCII only, and no wildcards", "der Name einer Anmerkung hat nur druckbares ASCII und keine Platzhalter"},
		{"the name of an annotation has at least %d parts here", "der Name einer Anmerkung hat hier mindestens %d Teile"},
		{"%d annotations of %d octets together are the limit: delete some", "%d Anmerkungen mit zusammen %d Oktetten sind die Grenze: einige löschen"},
		{"there is no preset %q; there are %s", "die Vorlage %s gibt es nicht; es gibt %s"},
		{"the right %q is not supported; known are %scd", "das Recht %s gibt es nicht; es gibt %scd"},
		{"uppercase rights are not allowed: %q", "Rechte werden klein geschrieben: %s"},
		{"bad access identifier", "falsch geschriebener Name"},
	}
}

func peopleSentences() []text {
	return []text{
		{"already taken", "schon vergeben"},
		{"not found", "nicht gefunden"},
		{"domain is not served here", "für diese Domain ist der Server nicht da"},
		{"a group cannot be its own member", "eine Gruppe kann nicht ihr eigenes Mitglied sein"},
		{"%q cannot become a member of %q: %w", "%s kann nicht Mitglied von %s werden: %s"},
		{"the name %q: %w by a %s", "der Name %s ist %s, an eine %s"},
		{"the name %q: %w as address %q", "der Name %s ist %s, als Adresse %s"},
		{"the name %q: %w: it stands twice in the list", "der Name %s ist %s: er steht zweimal in der Liste"},
		{"the address %q: %w by %q", "die Adresse %s ist %s, an %s"},
		{"%s is a %s, not a %s", "%s ist eine %s, keine %s"},
		{"%q is a %s, not a %s: %w", "%s ist eine %s, keine %s: %s"},
		{"wrong kind", "von der falschen Art"},
		{"invalid", "ungültig"},
		{"%w: the name is empty", "%s: der Name ist leer"},
		{"%w: the name %q %s", "%s: der Name %s %s"},
		{"is longer than %d octets", "ist länger als %d Oktette"},
		{"is too long", "ist zu lang"},
		{"has nothing before the '@'", "hat nichts vor dem '@'"},
		{"holds %q; use letters, digits and . _ - ' = ~", "enthält %s; es gehen Buchstaben, Ziffern und . _ - ' = ~"},
		{"begins with %q", "beginnt mit %s"},
		{"has a dot that does not stand between two other characters", "hat einen Punkt, der nicht zwischen zwei anderen Zeichen steht"},
		{"means somebody else in access lists (RFC 4314 section 2)", "meint in Rechten jemand anderen (RFC 4314, Abschnitt 2)"},
		{"%w: the password is longer than %d octets", "%s: das Passwort ist länger als %d Oktette"},
		{"%w: the password holds a control character", "%s: das Passwort enthält ein Steuerzeichen"},
		{"%w: the password is not valid UTF-8", "%s: das Passwort ist kein gültiges UTF-8"},
		{"%w: %q is not a domain name", "%s: %s ist kein Name einer Domain"},
		{"person", "Person"},
		{"group", "Gruppe"},
	}
}

// nodeSentences are about the node: its control socket, start, configuration,
// backup.
func nodeSentences() []text {
	return []text{
		{"the running server does not answer on its control socket (%v)", "der laufende Server antwortet nicht (%s)"},
		{"the running server does not know %q: is it older than this command?", "der laufende Server kennt %s nicht: ist er älter als dieser Befehl?"},
		{"no server runs here that knows how long to keep what was deleted: give --older-than, such as 720h", "hier läuft kein Server, der weiß, wie lange Gelöschtes bleibt: --older-than angeben, etwa 720h"},
		{"%q is no set of UIDs: write them like 7 or 1:3,9", "%s ist keine Menge von UIDs: so schreiben: 7 oder 1:3,9"},
		{"say whose session ends: a user, an address or a session", "sagen, wessen Sitzung endet: Benutzer, Adresse oder Sitzung"},
		{"%q is neither an address such as 192.0.2.7 nor a network such as 192.0.2.0/24", "%s ist weder eine Adresse wie 192.0.2.7 noch ein Netz wie 192.0.2.0/24"},
		{"%s is in use by process %d: stop it, or choose another directory with --data", "%s gehört gerade dem Prozess %d: diesen anhalten, oder mit --data ein anderes Verzeichnis nennen"},
		{"%s is in use by another process: stop it, or choose another directory with --data", "%s gehört gerade einem anderen Prozess: diesen anhalten, oder mit --data ein anderes Verzeichnis nennen"},
		{"the data directory %s cannot be made: %w: make it for the user that runs poststube, or name another with --data", "das Datenverzeichnis %s lässt sich nicht anlegen: %s: es für den Benutzer anlegen, unter dem poststube läuft, oder mit --data ein anderes nennen"},
		{"the data directory %s cannot be written to: %w: give it to the user that runs poststube, or name another with --data", "das Datenverzeichnis %s ist nicht beschreibbar: %s: es dem Benutzer geben, unter dem poststube läuft, oder mit --data ein anderes nennen"},
		{"unknown key %q: did you mean %q?", "unbekannter Schlüssel %s: gemeint ist vielleicht %s"},
		{"unknown key %q: poststube config example shows all", "unbekannter Schlüssel %s: poststube config example zeigt alle"},
		{"%d: %w", "%s: %s"},
		{"environment variable %s: %w", "Umgebungsvariable %s: %s"},
		{"%q is not a number", "%s ist keine Zahl"},
		{"%q is neither true nor false", "%s ist weder true noch false"},
		{"%q is not a size, write it as \"50 MiB\"", "%s ist keine Größe, so schreiben: \"50 MiB\""},
		{"%q is not a duration, write it as \"90s\" or \"30m\"", "%s ist keine Dauer, so schreiben: \"90s\" oder \"30m\""},
		{"the certificate cannot be read, see tls.certificate and tls.key: %w", "das Zertifikat lässt sich nicht lesen, siehe tls.certificate und tls.key: %s"},
		{"the certificate in %s and the key in %s cannot be used together: %w", "das Zertifikat in %s und der Schlüssel in %s gehen nicht zusammen: %s"},
		{"listen %s: ports below 1024 need root or CAP_NET_BIND_SERVICE; others don't: --listen %s=127.0.0.1:%d", "listen %s: Ports unter 1024 brauchen root oder CAP_NET_BIND_SERVICE; andere nicht: --listen %s=127.0.0.1:%d"},
		{"listen %s: another program listens there: stop it (ss -ltnp shows it), or choose another port with --listen", "listen %s: dort lauscht ein anderes Programm: dieses anhalten (ss -ltnp zeigt es), oder mit --listen einen anderen Port wählen"},
		{"listen %s: this machine does not have that address (ip address shows those it has)", "listen %s: diese Adresse hat der Rechner nicht (ip address zeigt, welche er hat)"},
		{"listen %s: there is no host %q: name one of this machine's addresses, or none for all of them", "listen %s: den Rechner %s gibt es nicht: eine Adresse dieses Rechners nennen, oder keine für alle"},
		{"listen %s: %q is no port, ports are numbers up to 65535", "listen %s: %s ist kein Port, Ports sind Zahlen bis 65535"},
		{"the disk of %s has less free space than storage.min_free, %s: make room, or lower that (%w)", "die Platte von %s hat weniger freien Platz als storage.min_free, %s: Platz schaffen, oder das senken (%s)"},
		{"listen %s: protocol %q is not known, there are %s", "listen %s: das Protokoll %s gibt es nicht, es gibt %s"},
		{"listen %s: %q is neither host:port nor unix:PATH", "listen %s: %s ist weder host:port noch unix:PFAD"},
		{"%q does not say what to listen where, write it as imap=127.0.0.1:1143 or lmtp=unix:/run/lmtp.sock", "%s sagt nicht, was wo lauscht; so schreiben: imap=127.0.0.1:1143 oder lmtp=unix:/run/lmtp.sock"},
		{"%s has mail already: name an empty directory with --data, or move the old one away", "in %s liegt schon Mail: mit --data ein leeres Verzeichnis nennen, oder das alte wegbewegen"},
		{"there is no backup in %s", "in %s liegt keine Sicherung"},
		{"the backup is damaged: %s is not what was saved", "die Sicherung ist beschädigt: %s ist nicht, was gesichert wurde"},
		{"the backup is damaged: %w", "die Sicherung ist beschädigt: %s"},
	}
}

// foreignSentences are those of libraries and of the system.
func foreignSentences() []text {
	return []text{
		{"in the backup: %s", "in der Sicherung: %s"},
		{"another restore --only is at work in this data directory: wait until it is done", "ein anderes restore --only arbeitet in diesem Datenverzeichnis: warten, bis es fertig ist"},
		{"open %s: no such file or directory", "%s: diese Datei gibt es nicht"},
		{"stat %s: no such file or directory", "%s: diese Datei gibt es nicht"},
		{"open %s: permission denied", "%s: keine Erlaubnis"},
		{"mkdir %s: permission denied", "%s: keine Erlaubnis"},
		{"open %s: file exists", "%s: diese Datei gibt es schon"},
		{"open %s: read-only file system", "%s: das Dateisystem ist nur lesbar"},
		{"dial tcp %s: connect: connection refused", "%s nimmt keine Verbindung an"},
		{"unknown flag: %s", "den Schalter %s gibt es nicht"},
		{"unknown shorthand flag: %q in %s", "den Schalter %s in %s gibt es nicht"},
		{"flag needs an argument: %s", "der Schalter %s braucht einen Wert"},
		{"invalid argument %q for %q flag: %w", "%s geht für den Schalter %s nicht: %s"},
		{"strconv.ParseInt: parsing %q: invalid syntax", "%s ist keine Zahl"},
		{"strconv.ParseUint: parsing %q: invalid syntax", "%s ist keine Zahl"},
		{"time: invalid duration %q", "%s ist keine Dauer, so schreiben: \"90s\" oder \"30m\""},
		{"time: missing unit in duration %q", "der Dauer %s fehlt die Einheit, so schreiben: \"90s\" oder \"30m\""},
	}
}
