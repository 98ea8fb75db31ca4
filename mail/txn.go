package mail

import (
	"context"
	"errors"
	"slices"
	"strings"
	"time"

	"poststube/acl"
	"poststube/blob"
	"poststube/directory"
	"poststube/kv"
)

// A txn is one transaction on behalf of one user. It is the one door: whatever
// touches a mailbox got it from (*txn).mailbox, which checks the user's rights
// in the snapshot that the transaction acts on.
type txn struct {
	e       *Engine
	u       *User
	subject acl.Subject
	r       kv.Reader
	w       kv.Tx // nil when it only reads
	now     time.Time
	began   uint64 // the clock of personals before the snapshot was taken
	ctx     context.Context
	turn    *Turn // nil: none is needed

	key       keyBuf
	val       []byte
	accounts  []*account
	boxes     []*mailbox
	topics    []string
	bodies    []uint64  // stored by this transaction
	uploads   []*Upload // that this transaction puts somewhere
	freed     []blob.ID // that nothing needs once this is committed
	forgotten []uint64  // emails that are gone with it
}

// An account is an owner inside a transaction.
type account struct {
	id     directory.ID
	rec    ownerRecord
	tree   *tree
	modseq ModSeq // of this transaction, 0 while nothing has changed

	put     []*node
	gone    []uint32
	treeLog logEntry
	dirty   bool
	mounts  bool // something is mounted by this transaction

	newEmails uint64 // emails that are new with it
	limits    *Quota // loaded when first needed
}

// view runs fn on a snapshot.
func (u *User) view(ctx context.Context, op string, fn func(*txn) error) error {
	e := u.engine
	subject, err := u.identity(ctx)
	if err != nil {
		return e.failure(ctx, op, err)
	}
	began := e.personals.clock.Load()
	err = e.db.View(ctx, func(r kv.Reader) error {
		return fn(&txn{e: e, u: u, subject: subject, r: r, now: e.now(), began: began, ctx: ctx, turn: turnOf(ctx)})
	})
	return e.failure(ctx, op, err)
}

// update runs fn while it holds the locks of the owners, commits what it did,
// and, once that is durable, gives hints to those who watch.
func (u *User) update(ctx context.Context, op string, owners []directory.ID, fn func(*txn) error) error {
	e := u.engine
	subject, err := u.identity(ctx)
	if err != nil {
		return e.failure(ctx, op, err)
	}
	locks := make([]string, len(owners))
	for i, o := range owners {
		locks[i] = lockName(o)
	}
	e.writes.Add(1)
	var t *txn
	err = e.db.Update(ctx, locks, func(tx kv.Tx) error {
		t.settle(false) // of a try before this one
		t = &txn{e: e, u: u, subject: subject, r: tx, w: tx, now: e.now(), ctx: ctx}
		if err := fn(t); err != nil {
			return err
		}
		return t.flush()
	})
	t.settle(err == nil)
	if t != nil && (err == nil || errors.Is(err, kv.ErrFailed)) { // then nobody knows
		for _, up := range t.uploads {
			up.placed = true
		}
	}
	if err != nil {
		return e.failure(ctx, op, err)
	}
	for _, a := range t.accounts {
		if a.treeChanged() {
			e.keepTree(a.tree.with(a.rec.treeModSeq, a.put, a.gone))
		}
		if a.newEmails > 0 {
			e.indexer.arrived(a.id, a.newEmails, t.now)
		}
	}
	if len(t.topics) > 0 {
		e.bus.Publish(t.topics...)
	}
	return nil
}

// settle tells whether what the transaction changed counts.
func (t *txn) settle(durable bool) {
	if t == nil {
		return
	}
	for _, a := range t.accounts {
		if a.mounts {
			t.e.personals.end(noMounts(a.id))
		}
	}
	for _, m := range t.boxes {
		if m.recent != nil {
			t.e.recentChanges.settle(m.id, m.recent, durable)
			if m.changesPersonal() {
				t.e.personals.end(m.personalKey())
			}
		}
	}
}

// account returns the owner's account in this transaction.
func (t *txn) account(owner directory.ID) (*account, error) {
	for _, a := range t.accounts {
		if a.id == owner {
			return a, nil
		}
	}
	a := &account{id: owner}
	v, err := t.r.Get(t.key.start(owner, tableOwner).b)
	switch {
	case errors.Is(err, kv.ErrNotFound):
		a.rec.nextMailbox = rootNum + 1
	case err != nil:
		return nil, err
	default:
		if a.rec, err = decodeOwner(v); err != nil {
			return nil, err
		}
	}
	if a.tree, err = t.e.tree(t.r, owner, a.rec.treeModSeq); err != nil {
		return nil, err
	}
	t.accounts = append(t.accounts, a)
	return a, nil
}

// mailbox is the door: it returns the mailbox if the user has the rights need
// there. Without the right, it is Denied to those who may see the mailbox, and
// NotFound to all others (RFC 4314 section 6: existence is not disclosed).
func (t *txn) mailbox(id MailboxID, need acl.Rights) (*mailbox, error) {
	a, err := t.account(id.Owner)
	if err != nil {
		return nil, err
	}
	n := a.node(id.Num)
	if n == nil || id.Num == rootNum {
		return nil, errNoMailbox()
	}
	rights := t.rightsAt(a, n)
	if err := admit(rights, need); err != nil {
		return nil, err
	}
	for _, m := range t.boxes {
		if m.id == id {
			return m, nil
		}
	}
	m := &mailbox{t: t, a: a, id: id, node: n, rights: rights, policy: a.policyOf(n), own: t.actsAsOwner(a.id)}
	if err := m.load(); err != nil {
		return nil, err
	}
	t.boxes = append(t.boxes, m)
	return m, nil
}

// place is the door to a node of a tree, for what is done to mailboxes rather
// than in them. The root is allowed.
func (t *txn) place(a *account, n *node, need acl.Rights) (acl.Rights, error) {
	rights := t.rightsAt(a, n)
	return rights, admit(rights, need)
}

func admit(rights, need acl.Rights) error {
	if rights.Has(need) {
		return nil
	}
	if !rights.Has(acl.Lookup) {
		return errNoMailbox()
	}
	return lacking(need &^ rights)
}

// lacking is the refusal for want of rights.
func lacking(missing acl.Rights) error {
	return &Error{Kind: Denied, Missing: missing, Text: "you lack the right " + spell(missing.Letters()) + " on this mailbox"}
}

// spell writes "x" or "k and x".
func spell(letters string) string { return strings.Join(strings.Split(letters, ""), " and ") }

func errNoMailbox() error { return fail(NotFound, "there is no such mailbox") }

// rightsAt returns what the user may do at a node.
func (t *txn) rightsAt(a *account, n *node) acl.Rights {
	if t.u.admin {
		return acl.Full
	}
	s := t.subject
	s.IsOwner = s.User == uint32(a.id)
	return a.effective(n).Effective(s)
}

// actsAsOwner tells whether the user sees an account with its owner's eyes:
// flags that everyone has for himself are then the owner's.
func (t *txn) actsAsOwner(owner directory.ID) bool {
	return t.subject.User == uint32(owner)
}

// node returns a node as this transaction has left it, or nil.
func (a *account) node(num uint32) *node {
	for i := len(a.put) - 1; i >= 0; i-- {
		if a.put[i].num == num && !a.put[i].isMount() {
			return a.put[i]
		}
	}
	for _, g := range a.gone {
		if g == num {
			return nil
		}
	}
	return a.tree.nodes[num]
}

// next returns the modseq of this transaction.
func (a *account) next() ModSeq {
	if a.modseq == 0 {
		a.rec.modseq++
		a.modseq = a.rec.modseq
	}
	a.dirty = true
	return a.modseq
}

func (a *account) treeChanged() bool { return len(a.put)+len(a.gone) > 0 }

// flush writes what the transaction changed.
func (t *txn) flush() error {
	for _, m := range t.boxes {
		if err := m.flush(); err != nil {
			return err
		}
	}
	for _, a := range t.accounts {
		if err := t.flushAccount(a); err != nil {
			return err
		}
		if slices.ContainsFunc(a.put, (*node).isMount) {
			a.mounts = true
			t.e.personals.begin(noMounts(a.id))
		}
	}
	return nil
}

func (t *txn) flushAccount(a *account) error {
	for _, n := range a.put {
		if err := t.set(t.key.start(a.id, tableMailbox).u32(n.num), n.encode(t.val[:0])); err != nil {
			return err
		}
	}
	for _, num := range a.gone {
		if err := t.w.Delete(t.key.start(a.id, tableMailbox).u32(num).b); err != nil {
			return err
		}
	}
	if a.treeChanged() {
		a.rec.treeModSeq = a.next()
		a.treeLog.time, a.treeLog.actor, a.treeLog.origin = t.now.UnixMilli(), t.u.principal.ID, t.u.originText()
		if err := t.set(t.key.start(a.id, tableLog).u32(rootNum).u64(uint64(a.modseq)), a.treeLog.encode(t.val[:0])); err != nil {
			return err
		}
		t.topics = append(t.topics, treeTopic(a.id))
	}
	if !a.dirty {
		return nil
	}
	return t.set(t.key.start(a.id, tableOwner), a.rec.encode(t.val[:0]))
}

// set writes a value that was encoded into t.val's memory.
func (t *txn) set(k *keyBuf, v []byte) error {
	t.val = v[:0]
	return t.w.Set(k.b, v)
}
