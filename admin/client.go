package admin

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"iter"
	"net"

	"poststube/mail"
)

// Client is a Service that asks a running server. Each call is a connection of
// its own, so a Client is safe for concurrent use and has nothing to close.
type Client struct {
	// Dial connects to the control socket.
	Dial func(ctx context.Context) (net.Conn, error)
}

var _ Service = (*Client)(nil)

// conversation asks a question and returns its frames. stop must be called at
// the end; it turns err into what the caller should see.
func (c *Client) conversation(ctx context.Context, name string, arg any) (f *frames, stop func(error) error, err error) {
	b, err := json.Marshal(arg)
	if err != nil {
		return nil, nil, err
	}
	conn, err := c.Dial(ctx)
	if err != nil {
		return nil, nil, unreachable(err)
	}
	release := context.AfterFunc(ctx, func() { conn.Close() })
	stop = func(err error) error {
		release()
		conn.Close()
		var known *mail.Error
		if err == nil || errors.As(err, &known) {
			return err
		}
		if ctx.Err() != nil {
			return ctx.Err()
		}
		return unreachable(err)
	}
	f = newFrames(conn)
	if err := f.writeJSON(question, query{name, b}); err != nil {
		return nil, nil, stop(err)
	}
	return f, stop, nil
}

func unreachable(err error) error {
	return &mail.Error{Kind: mail.Unavailable, Text: fmt.Sprintf("the running server does not answer on its control socket (%v)", err), Err: err}
}

// result reads frames up to the answer; other frames go to each.
func result[A any](f *frames, each func(kind byte, payload []byte) error) (a A, err error) {
	for {
		kind, payload, err := f.read()
		switch {
		case err != nil:
			return a, noEOF(err)
		case kind == failure:
			return a, parseFailure(payload)
		case kind == answer:
			return a, json.Unmarshal(payload, &a)
		case each == nil:
			return a, errFrame
		}
		if err := each(kind, payload); err != nil {
			return a, err
		}
	}
}

// exchange is a call whose answer may come after progress of type P.
func exchange[A, P any](ctx context.Context, c *Client, name string, arg any, heard func(P) error) (a A, err error) {
	f, stop, err := c.conversation(ctx, name, arg)
	if err != nil {
		return a, err
	}
	if err = f.flush(); err == nil {
		a, err = result[A](f, progressTo(heard))
	}
	return a, stop(err)
}

// progressTo decodes progress frames for heard, which may be nil.
func progressTo[P any](heard func(P) error) func(byte, []byte) error {
	return func(kind byte, payload []byte) error {
		var p P
		if kind != progress {
			return errFrame
		}
		if err := json.Unmarshal(payload, &p); err != nil {
			return err
		}
		if heard == nil {
			return nil
		}
		return heard(p)
	}
}

// deaf makes a listener without errors one for progressTo.
func deaf[P any](heard func(P)) func(P) error {
	if heard == nil {
		return nil
	}
	return func(p P) error {
		heard(p)
		return nil
	}
}

func (c *Client) tell(ctx context.Context, name string, arg any) error {
	_, err := exchange[any, any](ctx, c, name, arg, nil)
	return err
}

// AddUsers implements Service.
func (c *Client) AddUsers(ctx context.Context, users []NewUser, progress func(done int)) ([]User, error) {
	return exchange[[]User](ctx, c, callAddUsers, users, deaf(progress))
}

// Users implements Service.
func (c *Client) Users(ctx context.Context) ([]User, error) {
	return exchange[[]User, any](ctx, c, callUsers, nil, nil)
}

// User implements Service.
func (c *Client) User(ctx context.Context, name string) (User, error) {
	return exchange[User, any](ctx, c, callUser, name, nil)
}

// SetPassword implements Service.
func (c *Client) SetPassword(ctx context.Context, user NewUser) error {
	return c.tell(ctx, callSetPassword, user)
}

// RemoveUser implements Service.
func (c *Client) RemoveUser(ctx context.Context, name string) error {
	return c.tell(ctx, callRemoveUser, name)
}

// AddGroup implements Service.
func (c *Client) AddGroup(ctx context.Context, name string) error {
	return c.tell(ctx, callAddGroup, name)
}

// Groups implements Service.
func (c *Client) Groups(ctx context.Context) ([]Group, error) {
	return exchange[[]Group, any](ctx, c, callGroups, nil, nil)
}

// Group implements Service.
func (c *Client) Group(ctx context.Context, name string) (Group, error) {
	return exchange[Group, any](ctx, c, callGroup, name, nil)
}

// RemoveGroup implements Service.
func (c *Client) RemoveGroup(ctx context.Context, name string) error {
	return c.tell(ctx, callRemoveGroup, name)
}

// AddMembers implements Service.
func (c *Client) AddMembers(ctx context.Context, change Membership) error {
	return c.tell(ctx, callAddMembers, change)
}

// RemoveMembers implements Service.
func (c *Client) RemoveMembers(ctx context.Context, change Membership) error {
	return c.tell(ctx, callRemoveMembers, change)
}

// Mailboxes implements Service.
func (c *Client) Mailboxes(ctx context.Context, owner string) ([]Mailbox, error) {
	return exchange[[]Mailbox, any](ctx, c, callMailboxes, owner, nil)
}

// Mailbox implements Service.
func (c *Client) Mailbox(ctx context.Context, box MailboxName) (Mailbox, error) {
	return exchange[Mailbox, any](ctx, c, callMailbox, box, nil)
}

// Subscribe implements Service.
func (c *Client) Subscribe(ctx context.Context, change Subscription) error {
	return c.tell(ctx, callSubscribe, change)
}

// CreateMailbox implements Service.
func (c *Client) CreateMailbox(ctx context.Context, box MailboxName) error {
	return c.tell(ctx, callCreateMailbox, box)
}

// DeleteMailbox implements Service.
func (c *Client) DeleteMailbox(ctx context.Context, box MailboxName) error {
	return c.tell(ctx, callDeleteMailbox, box)
}

// RenameMailbox implements Service.
func (c *Client) RenameMailbox(ctx context.Context, change Rename) error {
	return c.tell(ctx, callRenameMailbox, change)
}

// Check implements Service.
func (c *Client) Check(ctx context.Context, o CheckOptions, visit func(Problem) error) (Checked, error) {
	return exchange[Checked](ctx, c, callCheck, o, visit)
}

// Export implements Service.
func (c *Client) Export(ctx context.Context, box MailboxName, visit func(Message) error) error {
	f, stop, err := c.conversation(ctx, callExport, box)
	if err != nil {
		return err
	}
	var visitErr error
	if err = f.flush(); err == nil {
		_, err = result[any](f, func(kind byte, payload []byte) error {
			if kind != meta {
				return errFrame
			}
			m, b, err := f.readMessage(payload)
			if err != nil {
				return err
			}
			if visitErr = visit(m); visitErr != nil {
				return visitErr
			}
			return b.drain()
		})
	}
	if err = stop(err); visitErr != nil {
		return visitErr
	}
	return err
}

// Import implements Service. Messages are sent while progress comes in.
func (c *Client) Import(ctx context.Context, box MailboxName, src iter.Seq2[Message, error], progress func(Imported)) (Imported, error) {
	done := Imported{Mailbox: box.Name}
	f, stop, err := c.conversation(ctx, callImport, box)
	if err != nil {
		return done, err
	}
	sent := make(chan error, 1)
	go func() { sent <- f.sendAll(src) }()
	last, err := result[Imported](f, progressTo(func(p Imported) error {
		done = p
		if progress != nil {
			progress(p)
		}
		return nil
	}))
	if err == nil {
		done = last
	}
	// The server answers early when it fails; sending ends with the connection.
	err = stop(err)
	if sendErr := <-sent; sendErr != nil {
		// The source's own error says more than what the server made of it.
		return done, sendErr
	}
	return done, err
}

// sendAll sends the messages of src and returns its error, if it has one.
func (f *frames) sendAll(src iter.Seq2[Message, error]) error {
	fail := func(err error) error {
		if f.writeFailure(err) == nil {
			_ = f.flush() // the server may be gone; the reader of its answer learns that
		}
		return err
	}
	for m, err := range src {
		if err != nil {
			return fail(err)
		}
		body := &sourceBody{r: m.Body}
		m.Body = body
		if err := f.writeMessage(m); body.err != nil {
			return fail(body.err)
		} else if err != nil {
			return nil // the connection; likewise
		}
	}
	f.write(end, nil)
	_ = f.flush()
	return nil
}
