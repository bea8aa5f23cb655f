package command

import (
	"bytes"
	"fmt"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/runzero-exporter/runzero_exporter/test/harness"
)

// seen is what a terminal shows of a text in the end, without what was erased or overwritten.
func seen(text string) string {
	var lines []string
	for line := range strings.SplitSeq(text, "\n") {
		shown := []rune{}
		for part := range strings.SplitSeq(line, "\r") {
			if over := []rune(part); len(over) >= len(shown) {
				shown = over
			} else {
				copy(shown, over)
			}
		}
		lines = append(lines, strings.TrimRight(string(shown), " "))
	}
	return strings.Join(lines, "\n")
}

func TestProgressAppearsAfterTwoSecondsAndGivesWay(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var terminal harness.Log
		p := NewProgress(&terminal)
		out := p.Beside(&terminal)
		var polls atomic.Int64
		hide := p.Show(func() string { return fmt.Sprintf("%d of 9 polls done", polls.Load()) })
		for _, step := range []struct {
			wait   time.Duration
			action func()
			shows  string
		}{
			{1900 * time.Millisecond, func() {}, ""},
			{200 * time.Millisecond, func() { polls.Store(3) }, "0 of 9 polls done (2s)"},
			{time.Second, func() { _, _ = out.Write([]byte("a finding\n")) }, "3 of 9 polls done (3s)"},
			{0, func() {}, "a finding\n"},
			{time.Second, func() { polls.Store(1); hide() }, "a finding\n3 of 9 polls done (4s)"},
			{time.Minute, hide, "a finding\n"},
		} {
			time.Sleep(step.wait)
			synctest.Wait()
			if got := seen(terminal.String()); got != step.shows {
				t.Errorf("the terminal shows %q, want %q", got, step.shows)
			}
			step.action()
		}
	})
}

func TestProgressFitsIntoOneLine(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var terminal harness.Log
		defer NewProgress(&terminal).Show(func() string { return strings.Repeat("ü", 200) })()
		time.Sleep(3 * time.Second)
		synctest.Wait()
		if got := []rune(seen(terminal.String())); len(got) != progressWidth {
			t.Errorf("the line has %d characters", len(got))
		}
	})
}

func TestNoTerminalShowsNoProgress(t *testing.T) {
	var out bytes.Buffer
	p := Env{}.Progress
	p.Show(nil)()
	if p.Beside(&out) != &out {
		t.Error("what is written takes another way")
	}
}
