package admin

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"iter"

	"poststube/mail"
)

// A query is the payload of a question.
type query struct {
	Call string          `json:"call"`
	Arg  json.RawMessage `json:"arg,omitempty"`
}

// The calls, one for each method of Service.
const (
	callAddUsers      = "user.add"
	callUsers         = "user.list"
	callUser          = "user.show"
	callSetPassword   = "user.passwd"
	callRemoveUser    = "user.remove"
	callAddGroup      = "group.add"
	callGroups        = "group.list"
	callGroup         = "group.show"
	callRemoveGroup   = "group.remove"
	callAddMembers    = "group.member.add"
	callRemoveMembers = "group.member.remove"
	callMailboxes     = "mailbox.list"
	callMailbox       = "mailbox.show"
	callSubscribe     = "mailbox.subscribe"
	callCreateMailbox = "mailbox.create"
	callDeleteMailbox = "mailbox.delete"
	callRenameMailbox = "mailbox.rename"
	callMounts        = "mount.list"
	callSetMount      = "mount.set"
	callImport        = "import"
	callExport        = "export"
	callCheck         = "verify"

	callPrepareFolder = "folder.prepare"
	callFinishFolder  = "folder.finish"

	callACL              = "acl.get"
	callSetACL           = "acl.set"
	callDeleteACL        = "acl.delete"
	callWhy              = "acl.why"
	callPolicy           = "policy.get"
	callSetPolicy        = "policy.set"
	callAddTeam          = "team.add"
	callAddresses        = "address.list"
	callAddAddress       = "address.add"
	callRemoveAddress    = "address.remove"
	callAudit            = "audit"
	callExpunged         = "expunged"
	callUndelete         = "undelete"
	callQuota            = "quota.get"
	callSetQuota         = "quota.set"
	callRecalculateQuota = "quota.recalculate"

	callWho  = "who"
	callKick = "kick"

	callBackup = "backup"

	callPurge        = "purge"
	callIndexStates  = "index.status"
	callRebuildIndex = "index.rebuild"
	callDropIndex    = "index.drop"

	callSyncSource = "source.sync"
	callExternal   = "source.list"
)

// A call answers one question with an answer or an error; it may send progress
// or messages before.
type call func(ctx context.Context, s Service, f *frames, arg json.RawMessage) (any, error)

func calls() map[string]call {
	return map[string]call{
		callAddUsers:      serveAddUsers,
		callUsers:         get(Service.Users),
		callUser:          ask(Service.User),
		callSetPassword:   tell(Service.SetPassword),
		callRemoveUser:    tell(Service.RemoveUser),
		callAddGroup:      tell(Service.AddGroup),
		callGroups:        get(Service.Groups),
		callGroup:         ask(Service.Group),
		callRemoveGroup:   tell(Service.RemoveGroup),
		callAddMembers:    tell(Service.AddMembers),
		callRemoveMembers: tell(Service.RemoveMembers),
		callMailboxes:     ask(Service.Mailboxes),
		callMailbox:       ask(Service.Mailbox),
		callSubscribe:     tell(Service.Subscribe),
		callCreateMailbox: tell(Service.CreateMailbox),
		callDeleteMailbox: tell(Service.DeleteMailbox),
		callRenameMailbox: tell(Service.RenameMailbox),
		callMounts:        ask(Service.Mounts),
		callSetMount:      tell(Service.SetMount),
		callImport:        serveImport,
		callExport:        serveExport,
		callCheck:         serveCheck,

		callPrepareFolder: ask(Service.PrepareFolder),
		callFinishFolder:  tell(Service.FinishFolder),

		callACL:              ask(Service.ACL),
		callSetACL:           ask(Service.SetACL),
		callDeleteACL:        tell(Service.DeleteACL),
		callWhy:              ask(Service.Why),
		callPolicy:           ask(Service.Policy),
		callSetPolicy:        tell(Service.SetPolicy),
		callAddTeam:          ask(Service.AddTeam),
		callAddresses:        ask(Service.Addresses),
		callAddAddress:       tell(Service.AddAddress),
		callRemoveAddress:    tell(Service.RemoveAddress),
		callAudit:            ask(Service.Audit),
		callExpunged:         ask(Service.Expunged),
		callUndelete:         ask(Service.Undelete),
		callQuota:            ask(Service.Quota),
		callSetQuota:         tell(Service.SetQuota),
		callRecalculateQuota: ask(Service.RecalculateQuota),

		callWho:  get(Service.Who),
		callKick: ask(Service.Kick),

		callBackup: serveBackup,

		callPurge:        ask(Service.Purge),
		callIndexStates:  ask(Service.IndexStates),
		callRebuildIndex: serveRebuildIndex,
		callDropIndex:    tell(Service.DropIndex),

		callSyncSource: get(Service.SyncSource),
		callExternal:   get(Service.External),
	}
}

func decode[Q any](arg json.RawMessage) (q Q, err error) {
	if err = json.Unmarshal(arg, &q); err != nil {
		err = &mail.Error{Kind: mail.Invalid, Text: fmt.Sprintf("the argument is not valid: %v", err)}
	}
	return q, err
}

func get[A any](method func(Service, context.Context) (A, error)) call {
	return func(ctx context.Context, s Service, _ *frames, _ json.RawMessage) (any, error) { return method(s, ctx) }
}

func ask[Q, A any](method func(Service, context.Context, Q) (A, error)) call {
	return func(ctx context.Context, s Service, _ *frames, arg json.RawMessage) (any, error) {
		q, err := decode[Q](arg)
		if err != nil {
			return nil, err
		}
		return method(s, ctx, q)
	}
}

func tell[Q any](method func(Service, context.Context, Q) error) call {
	return func(ctx context.Context, s Service, _ *frames, arg json.RawMessage) (any, error) {
		q, err := decode[Q](arg)
		if err != nil {
			return nil, err
		}
		return nil, method(s, ctx, q)
	}
}

// report sends progress at once. Whether it arrives is not the caller's matter:
// a client that has gone ends the call by its context.
func report(f *frames, v any) {
	if f.writeJSON(progress, v) == nil {
		_ = f.flush()
	}
}

func serveAddUsers(ctx context.Context, s Service, f *frames, arg json.RawMessage) (any, error) {
	users, err := decode[[]NewUser](arg)
	if err != nil {
		return nil, err
	}
	return s.AddUsers(ctx, users, func(done int) { report(f, done) })
}

func serveImport(ctx context.Context, s Service, f *frames, arg json.RawMessage) (any, error) {
	box, err := decode[MailboxName](arg)
	if err != nil {
		return nil, err
	}
	return s.Import(ctx, box, receive(f), func(done Imported) { report(f, done) })
}

// receive yields the messages that the other side sends.
func receive(f *frames) iter.Seq2[Message, error] {
	return func(yield func(Message, error) bool) {
		for {
			kind, payload, err := f.read()
			switch {
			case err != nil:
				err = &mail.Error{Kind: mail.Unavailable, Text: "the connection broke inside the import", Err: noEOF(err)}
			case kind == end:
				return
			case kind == failure:
				err = parseFailure(payload)
			case kind != meta:
				err = errFrame
			}
			if err != nil {
				yield(Message{}, err)
				return
			}
			m, b, err := f.readMessage(payload)
			if !yield(m, err) || err != nil {
				return
			}
			if err := b.drain(); err != nil {
				yield(Message{}, err)
				return
			}
		}
	}
}

func serveExport(ctx context.Context, s Service, f *frames, arg json.RawMessage) (any, error) {
	box, err := decode[MailboxName](arg)
	if err != nil {
		return nil, err
	}
	return nil, s.Export(ctx, box, f.writeMessage)
}

func serveCheck(ctx context.Context, s Service, f *frames, arg json.RawMessage) (any, error) {
	o, err := decode[CheckOptions](arg)
	if err != nil {
		return nil, err
	}
	return s.Check(ctx, o, func(p Problem) error {
		report(f, p)
		return ctx.Err()
	})
}

// converse answers one question.
func converse(ctx context.Context, s Service, calls map[string]call, f *frames) error {
	kind, payload, err := f.read()
	switch {
	case errors.Is(err, io.EOF):
		return nil // somebody looked whether we live
	case err != nil:
		return err
	case kind != question:
		return errFrame
	}
	var q query
	if err := json.Unmarshal(payload, &q); err != nil {
		return fmt.Errorf("%w (%w)", errFrame, err)
	}
	var result any
	if run := calls[q.Call]; run == nil {
		err = &mail.Error{Kind: mail.Invalid, Text: fmt.Sprintf("the running server does not know %q: is it older than this command?", q.Call)}
	} else {
		result, err = run(ctx, s, f, q.Arg)
	}
	if err != nil {
		err = f.writeFailure(err)
	} else {
		err = f.writeJSON(answer, result)
	}
	return errors.Join(err, f.flush())
}
