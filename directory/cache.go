package directory

import "sync"

// A cache keeps between max and 2*max entries, those used last. It holds two
// generations: when the young one is full it becomes the old one, and what is
// not asked for until the next turn is gone. Unlike a list this costs one map
// lookup per hit and no allocation per entry.
//
// Filling is safe against a change that comes between reading the store and
// put: mark before the read, and put does nothing if anything was dropped
// since.
type cache[K comparable, V any] struct {
	mu         sync.Mutex
	max        int
	young, old map[K]V
	drops      uint64
}

func newCache[K comparable, V any](max int) *cache[K, V] {
	return &cache[K, V]{max: max, young: make(map[K]V)}
}

func (c *cache[K, V]) get(k K) (V, bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if v, ok := c.young[k]; ok {
		return v, true
	}
	v, ok := c.old[k]
	if ok {
		delete(c.old, k)
		c.add(k, v)
	}
	return v, ok
}

// mark returns a token for put, to be taken before the store is read.
func (c *cache[K, V]) mark() uint64 {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.drops
}

// put stores v, which was read from the store after mark, unless a change may
// have overtaken it.
func (c *cache[K, V]) put(k K, v V, mark uint64) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.drops == mark {
		c.add(k, v)
	}
}

func (c *cache[K, V]) add(k K, v V) {
	if len(c.young) >= c.max {
		c.old, c.young = c.young, make(map[K]V, c.max/4)
	}
	c.young[k] = v
}

// drop forgets single keys; with none it only voids the marks taken before.
func (c *cache[K, V]) drop(keys ...K) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.drops++
	for _, k := range keys {
		delete(c.young, k)
		delete(c.old, k)
	}
}

func (c *cache[K, V]) clear() {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.drops++
	c.young, c.old = make(map[K]V), nil
}

func (c *cache[K, V]) len() int {
	c.mu.Lock()
	defer c.mu.Unlock()
	return len(c.young) + len(c.old)
}
