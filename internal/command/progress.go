package command

import (
	"fmt"
	"io"
	"strings"
	"sync"
	"time"
)

// Progress is a line on a terminal that says what a command is waiting for. It appears after two seconds, and gives way
// to everything else that is written. A nil Progress shows nothing.
type Progress struct {
	terminal io.Writer
	mu       sync.Mutex // held while writing, so that lines do not mix
	shown    bool
}

const (
	progressDelay = 2 * time.Second
	progressEvery = 500 * time.Millisecond
	progressWidth = 79
)

// NewProgress makes a Progress that is shown on a terminal.
func NewProgress(terminal io.Writer) *Progress { return &Progress{terminal: terminal} }

// Show shows what text returns, again and again, until the returned function is called.
func (p *Progress) Show(text func() string) (stop func()) {
	if p == nil {
		return func() {}
	}
	began, stopped, ended := time.Now(), make(chan struct{}), make(chan struct{})
	go func() {
		defer close(ended)
		for wait := time.NewTimer(progressDelay); ; wait.Reset(progressEvery) {
			select {
			case <-stopped:
				p.write("")
				return
			case <-wait.C:
				p.write(fmt.Sprintf("%s (%s)", text(), time.Since(began).Truncate(time.Second)))
			}
		}
	}()
	return sync.OnceFunc(func() {
		close(stopped)
		<-ended
	})
}

// write replaces the line. A terminal that cannot be written to is no reason to fail.
func (p *Progress) write(text string) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if text == "" {
		p.erase()
		return
	}
	_, _ = fmt.Fprintf(p.terminal, "\r%-*.*s", progressWidth, progressWidth, text)
	p.shown = true
}

func (p *Progress) erase() {
	if p.shown {
		_, _ = io.WriteString(p.terminal, "\r"+strings.Repeat(" ", progressWidth)+"\r")
		p.shown = false
	}
}

// Beside returns a writer to w, which may be the same terminal: the line gives way.
func (p *Progress) Beside(w io.Writer) io.Writer {
	if p == nil {
		return w
	}
	return beside{p, w}
}

type beside struct {
	progress *Progress
	io.Writer
}

func (b beside) Write(text []byte) (int, error) {
	b.progress.mu.Lock()
	defer b.progress.mu.Unlock()
	b.progress.erase()
	return b.Writer.Write(text)
}
