package store

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"time"
)

// Tried is what was found when a server was tried out.
type Tried struct {
	Leader  Leader        // of the replicas that use it; its name is empty if none leads
	Took    time.Duration // of one write
	Evicts  string        // the server's policy, if it removes entries when its memory is full; empty if not, or unknown
	Address string        // of the server, without user
}

// Try connects to a server, and writes, reads and removes an entry of its own under a lease of its own, with all that an
// exporter needs. An error says what to do.
func Try(ctx context.Context, at Redis, o Options) (Tried, error) {
	client, prefix, err := at.connect(o.Dial)
	if err != nil {
		return Tried{}, err
	}
	defer func() { _ = client.Close() }()
	d := newDatabase(client, prefix)
	address, _, _ := at.split()
	tried := Tried{Address: address.Host}
	fail := func(doing string, err error) (Tried, error) {
		return tried, fmt.Errorf("%s: %w", doing, withRemedy(err))
	}
	v, err := d.look(ctx)
	if err != nil {
		return fail("reading who leads", err)
	}
	tried.Leader = v.Leader

	d.folder = "check/"
	self := newShared(d, Options{Logger: o.Logger}).self
	term, ok, err := d.acquire(ctx, self, 0, answerTimeout)
	switch {
	case err != nil:
		return fail("taking a lease", err)
	case !ok:
		return tried, errors.New("another check is using the server: wait some seconds and try again")
	}
	defer func() { _ = client.Del(ctx, d.keys()...).Err() }()
	held := token(term, self.id)
	if _, err := d.renew(ctx, held, answerTimeout); err != nil {
		return fail("renewing a lease", err)
	}
	entry, began := []byte("# runzero_exporter check\n"), time.Now()
	if err := d.write(ctx, held, "entry", term, term+1, entry); err != nil {
		return fail("writing an entry", err)
	}
	tried.Took = time.Since(began)
	if _, err := d.versions(ctx, 0); err != nil {
		return fail("listing entries", err)
	}
	switch data, err := d.read(ctx, "entry"); {
	case err != nil:
		return fail("reading an entry", err)
	case !bytes.Equal(data, entry):
		return tried, fmt.Errorf("reading an entry: the server at %s returns something else than was written", tried.Address)
	}
	if err := d.remove(ctx, held, term+1, []string{"entry"}); err != nil {
		return fail("removing an entry", err)
	}
	if err := d.release(ctx, self.id); err != nil {
		return fail("ending a lease", err)
	}
	// Not every user may ask this, and nothing depends on it.
	for _, policy := range client.ConfigGet(ctx, "maxmemory-policy").Val() {
		if policy != "noeviction" {
			tried.Evicts = policy
		}
	}
	return tried, nil
}

// TryFolder reports whether a folder can be written to, and whether it exists.
func TryFolder(dir string, o Options) (exists bool, err error) {
	if _, err := os.Stat(dir); os.IsNotExist(err) {
		return false, nil
	}
	if err := newStore(dir, o).probe(); err != nil {
		return true, cause(err)
	}
	return true, nil
}
