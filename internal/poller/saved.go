package poller

import (
	"crypto/sha256"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"github.com/runzero-exporter/runzero_exporter/collector"
	"github.com/runzero-exporter/runzero_exporter/internal/quota"
	"github.com/runzero-exporter/runzero_exporter/internal/schedule"
	"github.com/runzero-exporter/runzero_exporter/internal/store"
	"github.com/runzero-exporter/runzero_exporter/runzero"
)

// savedState is what the store holds of an account as a whole, such as the calls spent.
type savedState struct {
	Quota         quota.Saved
	LoggedStretch float64
	Credentials   []savedCredential
	Faults        []savedFault
	Ready         bool       `json:",omitempty"` // each poll has had a result
	Jobs          []savedJob `json:",omitempty"` // of a version that saved all of them at once
}

// savedCredential is what the usage headers of a credential's responses reported, and which secret was last sent.
type savedCredential struct {
	Name   string
	Reach  *reach `json:",omitempty"` // of a version that did not save it with the discovery
	Usage  collector.SavedUsage
	Secret secretSum
}

// savedJob is when a poll was last made, and with which result, so that a restart polls nothing that is not due.
type savedJob struct {
	Collector    string
	Organization string // its id
	AccountWide  bool
	Base         time.Time
	Wait         time.Duration
	LastAttempt  time.Time
	LastSuccess  time.Time
	Duration     time.Duration
	Failures     int
	Error        *savedError `json:",omitempty"`
	Unsupported  bool
	Calls        int64
	Retry        time.Time // zero: not out of turn
	Waits        *string   // the key of the fault whose end it waits for; nil: none
	Released     runzero.Cause
	Credential   string
	Running      bool // a poll was under way
	Cut          int
	Outcomes     string           `json:",omitempty"`
	Whole        time.Time        `json:",omitzero"`
	Unclear      bool             `json:",omitempty"`
	Processed    time.Time        `json:",omitzero"`
	MeanGap      time.Duration    `json:",omitempty"`
	Cached       time.Time        `json:",omitzero"`  // LastSuccess of the snapshot as it was last saved
	Name         string           `json:",omitempty"` // of the organization, as its snapshot has it
	Reach        map[string]reach `json:",omitempty"` // of the discovery: what it has found, by credential
}

// sum identifies a state as it is saved; the zero sum: none.
type sum [sha256.Size]byte

// loadedJob is the state of a job as it was loaded.
type loadedJob struct {
	savedJob
	sum     sum
	version int64 // 0: unknown
}

// UnmarshalJSON implements json.Unmarshaler.
func (l *loadedJob) UnmarshalJSON(data []byte) error {
	l.sum = sha256.Sum256(data)
	return json.Unmarshal(data, &l.savedJob)
}

func (a Account) storeKey() store.Account {
	return store.Account{Name: a.Name, Fingerprint: a.Fingerprint}
}

func (j *job) storeKey() store.Key {
	return store.Key{Account: j.account.storeKey(), Organization: j.Organization.ID, Collector: j.Name}
}

// stateKey is the key of the job's state. The account-wide form of a collector has one of its own, because the id of an
// organization may be unknown.
func (j *job) stateKey() store.Key {
	key := j.storeKey()
	if j.AccountWide {
		key.Organization = "*"
	}
	return key
}

// fingerprint identifies everything that shapes the job's snapshot.
func (j *job) fingerprint() string { return j.account.Fingerprint + "\n" + j.Collector.Fingerprint }

// save caches a job's snapshot.
func (p *Poller) save(j *job) {
	if p.store == nil || j.snapshot == nil || j.Name == schedule.Discovery || j.Changes {
		return
	}
	saved := store.Snapshot{
		Families: j.snapshot.Families, Sites: j.snapshot.Sites, Missing: j.snapshot.Missing, Listed: j.snapshot.Listed, Success: j.lastSuccess,
	}
	switch s := j.snapshot; {
	case s.Tasks != nil:
		saved.State = s.Tasks
	case s.Targets != nil:
		saved.State = s.Targets
	}
	j.cached = j.lastSuccess
	p.store.Save(j.storeKey(), j.fingerprint(), saved)
}

// saveState caches what has changed of an account's calls and schedule. Polls come first, because the account's own state
// may take the place of one that had all of them.
func (p *Poller) saveState(a *account) {
	now := p.config.Now()
	for _, j := range a.takeStale(saving) {
		if p.store == nil || !j.everPolled() && j.snapshot == nil && j.stored == (sum{}) {
			continue
		}
		saved := j.saved(now)
		saved.Error = p.savedError(j.err)
		p.saveChanged(j.stateKey(), saved, &j.stored)
	}
	if p.store == nil {
		return
	}
	state := savedState{Quota: a.Quota.Save(a.expectedCalls()), LoggedStretch: a.logged.stretch}
	for _, c := range a.Credentials {
		saved := savedCredential{Name: c.Name, Secret: a.sums[c.Name]}
		if c.Usage != nil {
			saved.Usage = c.Usage.Saved()
		}
		state.Credentials = append(state.Credentials, saved)
	}
	state.Faults = a.savedFaults(now)
	a.complete = a.complete || a.settled(a.Quota.State(now))
	state.Ready = a.complete
	p.saveChanged(store.Key{Account: a.storeKey()}, state, &a.stored)
}

// saveChanged caches a state unless it is the one that is stored.
func (p *Poller) saveChanged(key store.Key, state any, stored *sum) {
	data, err := json.Marshal(state)
	if err != nil { // such as a year that JSON does not have: the store reports it
		p.store.SaveState(key, state)
		return
	}
	if sum := sha256.Sum256(data); sum != *stored {
		*stored = sum
		p.store.SaveState(key, json.RawMessage(data))
	}
}

// expectedCalls is how many more calls the running polls are going to make, as far as that is known.
func (a *account) expectedCalls() int64 {
	expected := int64(0)
	for _, j := range a.running {
		calls := max(j.calls, int64(j.Calls()))
		if j.Name == schedule.Discovery {
			calls = max(calls, int64(len(j.running.credentials)))
		}
		expected += max(calls-j.running.calls.Load(), 0)
	}
	return expected
}

func (j *job) saved(now time.Time) savedJob {
	saved := savedJob{
		Collector: j.Name, Organization: j.Organization.ID, AccountWide: j.AccountWide, Base: onClock(j.base, now), Wait: j.wait,
		LastAttempt: onClock(j.lastAttempt, now), LastSuccess: j.lastSuccess.UTC(), Duration: j.duration, Failures: j.failures,
		Unsupported: j.unsupported, Calls: j.calls, Retry: onClock(j.retry, now), Waits: j.account.keyOf(j.waits), Released: j.released,
		Credential: j.credential, Running: j.running != nil, Cut: j.cut, Outcomes: j.outcomes,
		Whole: onClock(j.whole, now), Unclear: j.unclear, Processed: j.processed, MeanGap: j.meanGap, Cached: j.cached.UTC(),
		Name: j.Organization.Name,
	}
	if j.Name == schedule.Discovery {
		saved.Reach = j.account.reach
	}
	return saved
}

// errNotRecorded is the error of a poll that was not made, because its start could not be recorded: if that of another
// exporter is, too, it would be made twice.
var errNotRecorded = errors.New("not polled: its start cannot be recorded")

// run makes a poll once its start is recorded: if a crash cuts it short, it is not repeated at once.
func (p *Poller) run(a *attempt) {
	if p.config.Store != nil { // p.store is the loop's
		if err := p.config.Store.Recorded(a.ctx); err != nil {
			a.err = fmt.Errorf("%w: %w", errNotRecorded, err)
			a.cancel()
			return
		}
	}
	a.run()
}

// onClock returns t, which may have been read before the clock was set, as the clock shows it now. The monotonic part of a
// reading is not of quite the same instant: unless the clock was set, t is to remain what it is.
func onClock(t, now time.Time) time.Time {
	was := t.Round(0).UTC()
	if is := now.Add(t.Sub(now)).UTC(); !t.IsZero() && is.Sub(was).Abs() > time.Second/10 {
		return is
	}
	return was
}
