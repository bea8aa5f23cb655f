package poller

import (
	"container/heap"
	"time"
)

// queue has the jobs of an account that are not running in the order in which they become due.
type queue struct {
	sleeping sleeping
	ready    []*job // that are due, in no order. They may have to wait for something else
}

// queued is the job's place in the queue.
type queued struct {
	due   time.Time // when it was put there
	place int       // its index in sleeping or ready, plus 1; 0: it is not in the queue
	ready bool
}

// put puts a job where it belongs by now. It reports whether it is due at another time than when it was last put there.
func (q *queue) put(j *job) (otherTime bool) {
	q.remove(j)
	if j.running != nil || j.source != nil {
		return false
	}
	at := &j.derivation.queued
	before := at.due
	at.due = j.due()
	heap.Push(&q.sleeping, j)
	return !at.due.Equal(before)
}

// fill is put for all jobs of the account.
func (q *queue) fill(jobs []*job) {
	*q = queue{}
	for _, j := range jobs {
		if j.derivation.queued.place = 0; j.running == nil && j.source == nil {
			j.derivation.queued = queued{due: j.due(), place: len(q.sleeping) + 1}
			q.sleeping = append(q.sleeping, j)
		}
	}
	heap.Init(&q.sleeping)
}

func (q *queue) remove(j *job) {
	at := &j.derivation.queued
	switch {
	case at.place == 0:
	case at.ready:
		last := len(q.ready) - 1
		q.ready[at.place-1] = q.ready[last]
		q.ready[at.place-1].derivation.queued.place = at.place
		q.ready = q.ready[:last]
	default:
		heap.Remove(&q.sleeping, at.place-1)
	}
	at.place, at.ready = 0, false
}

// wake moves to ready what is due.
func (q *queue) wake(now time.Time) {
	for len(q.sleeping) > 0 && !now.Before(q.sleeping[0].derivation.queued.due) {
		j := heap.Pop(&q.sleeping).(*job)
		q.ready = append(q.ready, j)
		j.derivation.queued.place, j.derivation.queued.ready = len(q.ready), true
	}
}

// next is when the next job becomes due that is not ready; zero: none does.
func (q *queue) next() time.Time {
	if len(q.sleeping) == 0 {
		return time.Time{}
	}
	return q.sleeping[0].derivation.queued.due
}

// sleeping is a heap by due time.
type sleeping []*job

func (s sleeping) Len() int { return len(s) }
func (s sleeping) Less(i, j int) bool {
	return s[i].derivation.queued.due.Before(s[j].derivation.queued.due)
}
func (s sleeping) Swap(i, j int) {
	s[i], s[j] = s[j], s[i]
	s[i].derivation.queued.place, s[j].derivation.queued.place = i+1, j+1
}

func (s *sleeping) Push(x any) {
	j := x.(*job)
	*s = append(*s, j)
	j.derivation.queued.place = len(*s)
}

func (s *sleeping) Pop() any {
	last := len(*s) - 1
	j := (*s)[last]
	*s = (*s)[:last]
	j.derivation.queued.place = 0
	return j
}
