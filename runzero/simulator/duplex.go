package simulator

import (
	"errors"
	"io"
	"net"
	"os"
	"sync"
	"time"
)

// duplex makes the two ends of a connection. Unlike those of a net.Pipe they behave as
// on a network: there is room on the way, so that nobody waits with a word of his own for
// the other to listen, and either side can end what it says and still listen.
func duplex() (a, b net.Conn) {
	there, back := newWay(), newWay()
	return &end{in: back, out: there}, &end{in: there, out: back}
}

type end struct{ in, out *way }

func (e *end) Read(b []byte) (int, error)  { return e.in.read(b) }
func (e *end) Write(b []byte) (int, error) { return e.out.write(b) }

// CloseWrite ends what this side says.
func (e *end) CloseWrite() error {
	e.out.end()
	return nil
}

func (e *end) Close() error {
	e.in.leave() // first: what the other answers to the end is not read
	e.out.end()
	return nil
}

func (e *end) SetDeadline(t time.Time) error {
	return errors.Join(e.SetReadDeadline(t), e.SetWriteDeadline(t))
}

func (e *end) SetReadDeadline(t time.Time) error {
	e.in.limit(&e.in.reading, t)
	return nil
}

func (e *end) SetWriteDeadline(t time.Time) error {
	e.out.limit(&e.out.writing, t)
	return nil
}

func (*end) LocalAddr() net.Addr  { return pipeAddr{} }
func (*end) RemoteAddr() net.Addr { return pipeAddr{} }

type pipeAddr struct{}

func (pipeAddr) Network() string { return "pipe" }
func (pipeAddr) String() string  { return "pipe" }

// wayRoom is how much may be under way in one direction.
const wayRoom = 32 << 10

// way is one direction of a connection.
type way struct {
	mu      sync.Mutex
	changed sync.Cond
	data    []byte
	ended   bool // nothing more will be written
	left    bool // nobody reads any more
	reading deadline
	writing deadline
}

type deadline struct {
	timer *time.Timer
	over  bool
}

func newWay() *way {
	w := &way{}
	w.changed.L = &w.mu
	return w
}

func (w *way) read(b []byte) (int, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	for {
		switch {
		case w.left:
			return 0, net.ErrClosed
		case w.reading.over:
			return 0, os.ErrDeadlineExceeded
		case len(b) == 0:
			return 0, nil
		case len(w.data) > 0:
			n := copy(b, w.data)
			w.data = w.data[:copy(w.data, w.data[n:])]
			w.changed.Broadcast()
			return n, nil
		case w.ended:
			return 0, io.EOF
		}
		w.changed.Wait()
	}
}

func (w *way) write(b []byte) (n int, err error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	for {
		switch room := wayRoom - len(w.data); {
		case w.ended:
			return n, net.ErrClosed
		case w.left:
			return n, io.ErrClosedPipe
		case w.writing.over:
			return n, os.ErrDeadlineExceeded
		case n == len(b):
			return n, nil
		case room > 0:
			taken := min(room, len(b)-n)
			w.data = append(w.data, b[n:n+taken]...)
			n += taken
			w.changed.Broadcast()
			continue
		}
		w.changed.Wait()
	}
}

// end lets what is under way arrive, and nothing more.
func (w *way) end() {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.ended = true
	w.changed.Broadcast()
}

// leave drops what is under way, and all that is still to come.
func (w *way) leave() {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.left, w.data = true, nil
	w.changed.Broadcast()
}

// limit sets one of the way's deadlines; zero is none.
func (w *way) limit(d *deadline, t time.Time) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if d.timer != nil {
		d.timer.Stop()
	}
	*d = deadline{}
	switch left := time.Until(t); {
	case t.IsZero():
	case left <= 0:
		d.over = true
	default:
		var timer *time.Timer
		timer = time.AfterFunc(left, func() {
			w.mu.Lock()
			defer w.mu.Unlock()
			if d.timer == timer { // and no other deadline was set meanwhile
				d.over = true
				w.changed.Broadcast()
			}
		})
		d.timer = timer
	}
	w.changed.Broadcast()
}
