package store

import (
	"container/list"
	"fmt"
	"maps"
	"sync"
	"sync/atomic"
)

// task is something that the writer does.
type task struct {
	file string // whose content it saves; empty when it is not a save
	key  Key    // of what it saves
	run  func()
}

// WriteFile replaces a file of a folder, or adds to it.
type WriteFile func(name string, data []byte) error

// writer does what is handed over to it, in order. Its owner calls work on one goroutine.
type writer struct {
	// report is called when the first file cannot be written, and when all can again: a full disk is one problem, not one
	// for each file and poll.
	report  func(file string, err error)
	failing atomic.Bool
	failed  map[string]task // what could not be done when last tried, by file; of the goroutine

	wake chan struct{} // signals that the queue has grown

	mu      sync.Mutex               // held for a few instructions, never during file access
	queue   list.List                // of tasks
	saves   map[string]*list.Element // those in the queue, by file
	busy    bool                     // whether the writer is at a task that it took from the queue
	flushes []chan struct{}          // closed when there is nothing left to do
}

func newWriter(report func(string, error)) writer {
	return writer{report: report, failed: map[string]task{}, saves: map[string]*list.Element{}, wake: make(chan struct{}, 1)}
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

// save hands over something to write.
func (w *writer) save(file string, key Key, encode func() ([]byte, error), write func([]byte) error) {
	t := task{file: file, key: key}
	t.run = func() {
		data, err := encode()
		if err != nil {
			err = fmt.Errorf("encode %s: %w", file, err)
		} else {
			err = write(data)
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
	if pending := w.saves[t.file]; pending != nil {
		w.queue.Remove(pending)
	}
	at := w.queue.PushBack(t)
	if t.file != "" {
		w.saves[t.file] = at
	}
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
	w.busy = w.queue.Len() > 0
	if !w.busy {
		for _, done := range w.flushes {
			close(done)
		}
		w.flushes = nil
		return task{}, false
	}
	t := w.queue.Remove(w.queue.Front()).(task) // the queue holds nothing else
	delete(w.saves, t.file)
	return t, true
}

// pending returns a channel that is closed when the writer has nothing left to do, or nil when that is so now.
func (w *writer) pending() <-chan struct{} {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.queue.Len() == 0 && !w.busy {
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

// forget drops what failed of the keys of an account that are not used: what is not wanted is no failure.
func (w *writer) forget(account Account, used map[Key]bool) {
	maps.DeleteFunc(w.failed, func(_ string, t task) bool { return t.key.Account == account && !t.key.whole() && !used[t.key] })
	w.record(task{}, nil)
}
