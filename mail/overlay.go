package mail

// overlay makes a block what the user sees of it: the flags and keywords that the
// policy makes everybody's own are those of p, and modseqs the later ones. p nil
// has nothing. The block must not be written afterwards.
func (b *block) overlay(p *block, policy policy) {
	for i, f := range systemFlags {
		switch {
		case policy.flags&f == 0:
		case p == nil:
			b.flags[i] = bitmap{}
		default:
			b.flags[i] = p.flags[i]
		}
	}
	if policy.keywords {
		b.keywords = b.keywords[:0]
		if p != nil {
			b.keywords = append(b.keywords, p.keywords...)
		}
	}
	if p == nil {
		return
	}
	for i := range b.modseq {
		b.modseq[i] = max(b.modseq[i], p.modseq[i])
	}
}

// privateWindow is how many of the user's blocks are read at a time beside the
// mailbox's: about as many as a portion of FETCH FLAGS goes through.
const privateWindow = 8

// A privateReader reads the user's own flags beside a scan of the mailbox's
// blocks, so that who stops early has read little.
type privateReader struct {
	m     *mailbox
	first uint32 // of the window
	last  uint32 // that will be asked for
	read  bool
	has   [privateWindow]bool
	kept  [privateWindow]block
}

// at returns the user's flags of a block, or nil. Numbers ascend from call to
// call.
func (r *privateReader) at(num uint32) (*block, error) {
	if !r.read || num-r.first >= privateWindow {
		if err := r.window(num); err != nil {
			return nil, err
		}
	}
	if !r.has[num-r.first] {
		return nil, nil
	}
	return &r.kept[num-r.first], nil
}

func (r *privateReader) window(first uint32) error {
	r.first, r.read = first, true
	r.has = [privateWindow]bool{}
	var a, z keyBuf
	m, user := r.m, uint32(r.m.t.u.principal.ID)
	lo := a.start(m.id.Owner, tablePrivate).u32(m.id.Num).u32(user).u32(first).b
	hi := append(z.start(m.id.Owner, tablePrivate).u32(m.id.Num).u32(user).u32(min(first+privateWindow-1, r.last)).b, 0)
	for p := range m.t.r.Scan(lo, hi) {
		i := suffix32(p.Key) - first
		r.kept[i].reset()
		if err := r.kept[i].decode(p.Value); err != nil {
			return err
		}
		r.has[i] = true
	}
	return m.t.r.Err()
}
