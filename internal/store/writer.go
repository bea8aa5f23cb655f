package store

import (
	"fmt"
	"slices"
	"sync"
	"sync/atomic"
)

// task is something that the writer does.
type task struct {
	file string // that it replaces; empty when it is not a save
	key  *Key   // nil unless it saves a snapshot
	run  func()
}

// WriteFile replaces a file of a folder, or what stands for one.
type WriteFile func(name string, data []byte) error

// writer does what is handed over to it, in order. Its owner calls work on one goroutine.
type writer struct {
	// report is called when the first file cannot be written, and when all can again: a full disk is one problem, not one
	// for each file and poll.
	report  func(file string, err error)
	failing atomic.Bool
	failed  map[string]task // what could not be done when last tried, by file; of the goroutine

	wake chan struct{} // signals that the queue has grown

	mu      sync.Mutex // held for a few instructions, never during file access
	queue   []task
	busy    bool            // whether the writer is at a task that it took from the queue
	flushes []chan struct{} // closed when there is nothing left to do
}

func newWriter(report func(string, error)) writer {
	return writer{report: report, failed: map[string]task{}, wake: make(chan struct{}, 1)}
}

// work does what is pending.
func (w *writer) work() {
	for t, ok := w.next(); ok; t, ok = w.next() {
		t.run()
	}
}

// retry does again what failed. Whatever was in the way may be gone.
func (w *writer) retry() {
	for _, t := range w.failed {
		t.run()
	}
}

// save hands over the replacement of a file.
func (w *writer) save(file string, key *Key, encode func() ([]byte, error), replace WriteFile) {
	t := task{file: file, key: key}
	t.run = func() {
		data, err := encode()
		if err != nil {
			err = fmt.Errorf("encode %s: %w", file, err)
		} else {
			err = replace(file, data)
		}
		w.record(t, err)
	}
	w.enqueue(t)
}

// enqueue hands a task over. A save takes the place of a pending one of the same file, but at the end of the queue: a
// removal in between must not remove it.
func (w *writer) enqueue(t task) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if t.file != "" {
		w.queue = slices.DeleteFunc(w.queue, func(pending task) bool { return pending.file == t.file })
	}
	w.queue = append(w.queue, t)
	signal(w.wake)
}

// signal sends a value unless one is waiting to be received.
func signal(c chan<- struct{}) {
	select {
	case c <- struct{}{}:
	default:
	}
}

// next takes the first task of the queue. The writer calls it after each task, so an
// empty queue means that everything is done.
func (w *writer) next() (task, bool) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.busy = len(w.queue) > 0
	if !w.busy {
		for _, done := range w.flushes {
			close(done)
		}
		w.flushes = nil
		return task{}, false
	}
	t := w.queue[0]
	w.queue = slices.Delete(w.queue, 0, 1)
	return t, true
}

// pending returns a channel that is closed when the writer has nothing left to do, or nil when that is so now.
func (w *writer) pending() <-chan struct{} {
	w.mu.Lock()
	defer w.mu.Unlock()
	if len(w.queue) == 0 && !w.busy {
		return nil
	}
	done := make(chan struct{})
	w.flushes = append(w.flushes, done)
	return done
}

// record notes whether a file could be written.
func (w *writer) record(t task, err error) {
	if err != nil {
		w.failed[t.file] = t
	} else {
		delete(w.failed, t.file)
	}
	failing := len(w.failed) > 0
	if before := w.failing.Swap(failing); failing != before {
		w.report(t.file, err)
	}
}
