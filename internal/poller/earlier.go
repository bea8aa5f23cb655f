package poller

import (
	"cmp"
	"errors"

	"github.com/runzero-exporter/runzero_exporter/collector"
	"github.com/runzero-exporter/runzero_exporter/runzero"
)

// earlierError is the error of a poll that an earlier run made, or the replica that leads.
type earlierError struct {
	text, advice string
	cause        runzero.Cause
	unsupported  bool
}

func (e earlierError) Error() string { return e.text }

// Is has what was unsupported stay so.
func (e earlierError) Is(target error) bool {
	return e.unsupported && target == collector.ErrUnsupported
}

// savedError is the error of a poll as it is persisted. It is fit for the status page, and so holds no secret.
type savedError struct {
	Text   string
	Advice string        `json:",omitempty"`
	Cause  runzero.Cause `json:",omitempty"`
}

func (p *Poller) savedError(err error) *savedError {
	if err == nil {
		return nil
	}
	return &savedError{Text: err.Error(), Advice: p.advise(err), Cause: causeOf(err)}
}

// restored is the error as it was saved; saved may be nil.
func (saved *savedError) restored(unsupported bool) error {
	if saved == nil {
		saved = &savedError{}
	}
	text := cmp.Or(saved.Text, "the last poll before the restart failed")
	if unsupported {
		text = cmp.Or(saved.Text, collector.ErrUnsupported.Error())
	}
	return earlierError{text: text, advice: saved.Advice, cause: saved.Cause, unsupported: unsupported}
}

// advise is what a user can do about an error.
func (p *Poller) advise(err error) string {
	if earlier, ok := errors.AsType[earlierError](err); ok {
		return earlier.advice
	}
	return p.config.Advise(err)
}
