package runzero

import (
	"errors"
	"strings"
)

// Why a response that was successful by its status is no list.
var (
	ErrNoData   = errors.New("the response contains no data, not even an empty list")
	ErrReported = errors.New("the response reports an error instead of data")
)

// noteFailure notes a member by which a page, or what should be a row, reports that something failed. Rows have such
// members too, of which this is not true: those of a task are about its run.
func (p *parser[T, R]) noteFailure(name []byte) {
	switch string(name) {
	case "error", "errors":
		p.failed = p.failed || p.lex.filled()
	case "status":
		p.failed = p.failed || isFailure(p.lex.text())
	}
}

// isFailure reports whether the status of a response, in words or as a number, is any other than success.
func isFailure(status string) bool {
	if n, number := integer([]byte(status)); number {
		return n >= 400
	}
	switch strings.ToLower(strings.TrimSpace(status)) {
	case "", "ok", "success", "successful", "succeeded", "complete", "completed", "done", "true":
		return false
	}
	return true
}
