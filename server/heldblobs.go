package server

import (
	"context"
	"errors"
	"sync"

	"poststube/blob"
	"poststube/blob/dirblob"
)

// heldBlobs is the blob store with a way to keep every object for a while: what
// a checkpoint of the records refers to must still be there when it is copied.
type heldBlobs struct {
	*dirblob.Store

	mu      sync.Mutex
	holds   int
	waiting []blob.ID // deleted meanwhile
}

// Delete implements blob.Store. While objects are held it only notes the wish; a
// crash then leaves an object that nothing refers to.
func (h *heldBlobs) Delete(ctx context.Context, id blob.ID) error {
	h.mu.Lock()
	if h.holds > 0 {
		h.waiting = append(h.waiting, id)
		h.mu.Unlock()
		return nil
	}
	h.mu.Unlock()
	return h.Store.Delete(ctx, id)
}

// hold keeps all objects until release is called.
func (h *heldBlobs) hold() (release func() error) {
	h.mu.Lock()
	h.holds++
	h.mu.Unlock()
	return func() error {
		h.mu.Lock()
		defer h.mu.Unlock()
		var errs []error
		if h.holds--; h.holds == 0 {
			for _, id := range h.waiting {
				errs = append(errs, h.Store.Delete(context.Background(), id))
			}
			h.waiting = nil
		}
		return errors.Join(errs...)
	}
}
