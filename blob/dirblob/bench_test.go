package dirblob_test

import (
	"context"
	"fmt"
	"testing"

	"poststube/blob"
	"poststube/blob/dirblob"
)

// BenchmarkCommit makes objects durable on the disk.
func BenchmarkCommit(b *testing.B) {
	for _, size := range []int{64 << 10, 1 << 20} {
		content := make([]byte, size)
		for _, workers := range []int{1, 16} {
			b.Run(fmt.Sprintf("size=%dK/goroutines=%d", size>>10, workers), func(b *testing.B) {
				s := openDisk(b)
				b.SetBytes(int64(size))
				b.SetParallelism((workers + 1) / 2)
				b.RunParallel(func(pb *testing.PB) {
					for pb.Next() {
						if _, err := store(s, content); err != nil {
							b.Error(err)
							return
						}
					}
				})
				b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "objects/s")
			})
		}
	}
}

// BenchmarkRead opens an object and reads it as a whole.
func BenchmarkRead(b *testing.B) {
	for _, size := range []int{64 << 10, 1 << 20} {
		b.Run(fmt.Sprintf("size=%dK", size>>10), func(b *testing.B) {
			s := openDisk(b)
			buf := make([]byte, size)
			id, err := store(s, buf)
			if err != nil {
				b.Fatal(err)
			}
			b.SetBytes(int64(size))
			b.ReportAllocs()
			for b.Loop() {
				r, err := s.Open(context.Background(), id)
				if err != nil {
					b.Fatal(err)
				}
				if n, err := r.ReadAt(buf, 0); n != size {
					b.Fatal(n, err)
				}
				if err := r.Close(); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}

func openDisk(b *testing.B) *dirblob.Store {
	b.Helper()
	s, err := dirblob.Open(b.TempDir(), dirblob.Options{})
	if err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() {
		if err := s.Close(); err != nil {
			b.Error(err)
		}
	})
	return s
}

func store(s *dirblob.Store, content []byte) (blob.ID, error) {
	w, err := s.Create(context.Background())
	if err != nil {
		return 0, err
	}
	if _, err := w.Write(content); err != nil {
		return 0, err
	}
	return w.Commit()
}
