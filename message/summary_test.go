package message

import (
	"bytes"
	"reflect"
	"strings"
	"testing"
	"time"
)

func summarize(t testing.TB, data string) *Summary {
	t.Helper()
	s, err := Summarize(strings.NewReader(data), int64(len(data)))
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func TestSummarize(t *testing.T) {
	const data = "Received: by x\r\nDate: Fri, 21 Nov 1997 09:55:06 -0600\r\nFrom: =?utf-8?q?J=C3=BCrgen?= <Juergen@example.org>\r\n" +
		"To: \"Anna E.\" <anna@example.org>, ben@example.org\r\nCc: Friends: clara@example.org;\r\n" +
		"Subject: Re: [list]\r\n =?utf-8?q?Gr=C3=BC=C3=9Fe?= (fwd)\r\nMessage-ID: <3@x>\r\nIn-Reply-To: <2@x> <0@x>\r\n" +
		"References: <1@x>\r\n <2@x>\r\nX-Other: y\r\nContent-Type: multipart/mixed; boundary=b\r\n\r\n" +
		"--b\r\n\r\nHello Anna\r\n--b\r\nContent-Type: application/pdf; name=x.pdf\r\n\r\n%PDF\r\n--b--\r\n"
	s := summarize(t, data)
	root := parseString(t, data)
	want := &Summary{
		Size: int64(len(data)), HeaderSize: int64(strings.Index(data, "--b")),
		Structure: root.AppendStructure(nil), Envelope: root.Envelope.AppendIMAP(nil),
		Body: root.AppendBodyStructure(nil, false), BodyStructure: root.AppendBodyStructure(nil, true),
		Headers: []byte("Date: Fri, 21 Nov 1997 09:55:06 -0600\r\nFrom: =?utf-8?q?J=C3=BCrgen?= <Juergen@example.org>\r\n" +
			"To: \"Anna E.\" <anna@example.org>, ben@example.org\r\nCc: Friends: clara@example.org;\r\n" +
			"Subject: Re: [list]\r\n =?utf-8?q?Gr=C3=BC=C3=9Fe?= (fwd)\r\nMessage-ID: <3@x>\r\nIn-Reply-To: <2@x> <0@x>\r\n" +
			"References: <1@x>\r\n <2@x>\r\nContent-Type: multipart/mixed; boundary=b\r\n"),
		HeaderSet: currentHeaderSet, Preview: "Hello Anna",
		Sent:    time.Date(1997, 11, 21, 9, 55, 6, 0, time.FixedZone("", -6*3600)),
		Subject: "Re: [list] Grüße (fwd)", BaseSubject: casemap("Grüße"), IsReply: true,
		From:      SortKey{"JUERGEN", casemap("Jürgen")},
		To:        SortKey{"ANNA", "ANNA E."},
		Cc:        SortKey{"FRIENDS", "FRIENDS"},
		MessageID: "3@x", InReplyTo: []string{"2@x", "0@x"}, References: []string{"1@x", "2@x"},
		HasAttachment: true,
	}
	if !s.Sent.Equal(want.Sent) {
		t.Errorf("sent %v", s.Sent)
	}
	s.Sent = want.Sent
	if !reflect.DeepEqual(s, want) {
		t.Errorf("got  %+v\nwant %+v", s, want)
	}
	// The covered fields answer HEADER.FIELDS as the header itself does.
	for _, names := range [][]string{{"SUBJECT", "from"}, {"List-Id"}, {"References", "Content-Type"}} {
		if !s.HeaderSet.CoversAll(names) {
			t.Errorf("%v not covered", names)
		}
		if got, want := AppendFields(nil, s.Headers, names, false), AppendFields(nil, []byte(data), names, false); !bytes.Equal(got, want) {
			t.Errorf("%v: got %q, want %q", names, got, want)
		}
	}
	if s.HeaderSet.CoversAll([]string{"Subject", "X-Other"}) || s.HeaderSet.CoversAll([]string{""}) {
		t.Error("too much covered")
	}
}

func TestSummarizeLittle(t *testing.T) {
	for _, data := range []string{"", "\r\n", "x"} {
		s := summarize(t, data)
		if !s.Sent.IsZero() || s.Subject != "" || s.MessageID != "" || s.References != nil || s.HasAttachment || s.From != (SortKey{}) ||
			s.HeaderSet != currentHeaderSet || string(s.Envelope) != "(NIL NIL NIL NIL NIL NIL NIL NIL NIL NIL)" {
			t.Errorf("%q: %+v", data, s)
		}
	}
}

// TestSummarizeReferences: RFC 5256, THREAD=REFERENCES, step 1.
func TestSummarizeReferences(t *testing.T) {
	for _, tt := range []struct {
		header string
		want   []string
	}{
		{"References: <1@x> <2@x>\r\nIn-Reply-To: <3@x>\r\n", []string{"1@x", "2@x"}},
		{"References: none\r\nIn-Reply-To: <3@x> <4@x>\r\n", []string{"3@x"}},
		{"In-Reply-To: message of Monday <3@x>\r\n", []string{"3@x"}},
		{"In-Reply-To: message of Monday\r\n", nil},
	} {
		if got := summarize(t, tt.header+"\r\n").References; !reflect.DeepEqual(got, tt.want) {
			t.Errorf("%q: got %q, want %q", tt.header, got, tt.want)
		}
	}
}

// TestSummarizeLarge: beyond the window that is held in memory the summary is
// the same.
func TestSummarizeLarge(t *testing.T) {
	head := "Subject: large\r\nFrom: Anna <anna@example.org>\r\n\r\nHello\r\n"
	small := summarize(t, head)
	large := summarize(t, head+strings.Repeat("x\r\n", summaryWindow/3+1))
	if large.Size <= summaryWindow {
		t.Fatal("not large")
	}
	if !bytes.Equal(small.Envelope, large.Envelope) || !bytes.Equal(small.Headers, large.Headers) ||
		!strings.HasPrefix(large.Preview, small.Preview+" x x") || small.From != large.From {
		t.Errorf("small %+v\nlarge %+v", small, large)
	}
}

func TestHasAttachment(t *testing.T) {
	for _, tt := range []struct {
		name, in string
		want     bool
	}{
		{"text", "\r\nx", false},
		{"alternative", mp("b", "--b\r\n\r\nx\r\n--b\r\nContent-Type: text/html\r\n\r\nx\r\n--b--"), false},
		{"attached", mp("b", "--b\r\nContent-Disposition: ATTACHMENT\r\n\r\nx\r\n--b--"), true},
		{"named", mp("b", "--b\r\nContent-Type: image/png; name=x\r\n\r\nx\r\n--b--"), true},
		{"inline image", mp("b", "--b\r\nContent-Type: image/png; name=x\r\nContent-ID: <1>\r\n\r\nx\r\n--b--"), false},
		{"inline", mp("b", "--b\r\nContent-Type: image/png; name=x\r\nContent-Disposition: inline\r\n\r\nx\r\n--b--"), false},
		{"signature without a name", mp("b", "--b\r\nContent-Type: application/pgp-signature\r\n\r\nx\r\n--b--"), false},
		{"the message is a file", "Content-Type: application/pdf; name=x\r\n\r\nx", true},
	} {
		if got := summarize(t, tt.in).HasAttachment; got != tt.want {
			t.Errorf("%s: got %v", tt.name, got)
		}
	}
}

func TestHeaderSet(t *testing.T) {
	for n := range currentHeaderSet + 1 {
		if got, want := n.Covers([]byte("SUBJECT")), n != 0; got != want {
			t.Errorf("set %d covers Subject: %v", n, got)
		}
	}
	if (currentHeaderSet + 1).Covers([]byte("Subject")) {
		t.Error("a set that does not exist yet covers something")
	}
	for _, name := range []string{"Date", "From", "Sender", "Reply-To", "To", "Cc", "Bcc", "Subject", "Message-ID", "In-Reply-To", "References",
		"Newsgroups", "Content-Type", "List-Id", "List-Post", "List-Unsubscribe", "X-Priority", "Priority", "Importance", "X-Mailer", "User-Agent", "Delivered-To"} {
		if !currentHeaderSet.Covers([]byte(strings.ToUpper(name))) {
			t.Errorf("%s not covered", name)
		}
	}
}
