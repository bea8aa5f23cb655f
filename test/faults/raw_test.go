//go:build port

package faults

import (
	"bytes"
	"compress/gzip"
	"fmt"
	"io"
	"net"
	"strings"
	"time"
)

// raw sends an answer in its own way, as simulator.Fault has it.
type raw func(connection net.Conn, answer []byte)

// message is an answer in HTTP/1.1, taken apart. Its body is not compressed.
type message struct {
	line    string
	headers []string
	body    []byte
}

// parse takes apart what the simulator sends; a test fails where it cannot be.
func parse(answer []byte) message {
	head, body, _ := bytes.Cut(answer, []byte("\r\n\r\n"))
	lines := strings.Split(string(head), "\r\n")
	m := message{line: lines[0], body: body}
	for _, line := range lines[1:] {
		switch name, value, _ := strings.Cut(line, ": "); {
		case name == "Content-Encoding" && value == "gzip":
			unpacked, err := gzip.NewReader(bytes.NewReader(body))
			if err == nil {
				m.body, err = io.ReadAll(unpacked)
			}
			if err != nil {
				panic(err)
			}
		case name != "Content-Length":
			m.headers = append(m.headers, line)
		}
	}
	return m
}

// without is the message less a header.
func (m message) without(name string) message {
	var rest []string
	for _, line := range m.headers {
		if !strings.HasPrefix(line, name+": ") {
			rest = append(rest, line)
		}
	}
	m.headers = rest
	return m
}

func (m message) with(headers ...string) message {
	m.headers = append(append([]string{}, m.headers...), headers...)
	return m
}

func (m message) containing(body []byte) message {
	m.body = body
	return m
}

// head is all before the body.
func (m message) head() []byte {
	return []byte(m.line + "\r\n" + strings.Join(m.headers, "\r\n") + "\r\n\r\n")
}

// announced is the message as it should be, with its length.
func (m message) announced(length int) []byte {
	return append(m.with(fmt.Sprintf("Content-Length: %d", length)).head(), m.body...)
}

func (m message) whole() []byte { return m.announced(len(m.body)) }

// record is where the first record of the body ends, or the only one is half done.
func (m message) record() int {
	if end := bytes.Index(m.body, []byte("}\n")) + 2; end > 1 && end < len(m.body) {
		return end
	}
	return len(m.body) / 2
}

func zip(body []byte) []byte {
	var packed bytes.Buffer
	z := gzip.NewWriter(&packed)
	_, _ = z.Write(body)
	_ = z.Close()
	return packed.Bytes()
}

// send is a raw that writes what f makes of the message.
func send(f func(m message) []byte) raw {
	return func(connection net.Conn, answer []byte) { _, _ = connection.Write(f(parse(answer))) }
}

// change is a raw that sends another message whole.
func change(f func(m message) message) raw {
	return send(func(m message) []byte { return f(m).whole() })
}

// body is a raw that sends the message with another body.
func body(f func(b []byte) []byte) raw {
	return change(func(m message) message { return m.containing(f(m.body)) })
}

// cut is a raw that closes the connection after as much of the message as at says.
func cut(at func(m message) int) raw {
	return send(func(m message) []byte { return m.whole()[:at(m)] })
}

// hang waits for the other side to give up.
func hang(connection net.Conn) { _, _ = io.Copy(io.Discard, connection) }

// stall is a raw that sends as much as at says and then neither goes on nor ends.
func stall(at func(m message) int) raw {
	return func(connection net.Conn, answer []byte) {
		m := parse(answer)
		_, _ = connection.Write(m.whole()[:at(m)])
		hang(connection)
	}
}

// trickle is a raw that sends the message in pieces, with a pause before each.
func trickle(pieces int, pause time.Duration) raw {
	return func(connection net.Conn, answer []byte) {
		text := parse(answer).whole()
		size := len(text)/pieces + 1
		for err := error(nil); err == nil && len(text) > 0; {
			time.Sleep(pause)
			n := min(size, len(text))
			_, err = connection.Write(text[:n])
			text = text[n:]
		}
	}
}

// endless is a raw that sends pieces without end in place of the body's end, and counts
// them.
func endless(sent func(bytes int), begin func(m message) []byte, piece string, pause time.Duration) raw {
	pieces := []byte(strings.Repeat(piece, max(1, 1<<15/len(piece))))
	if pause > 0 {
		pieces = []byte(piece)
	}
	return func(connection net.Conn, answer []byte) {
		m := parse(answer)
		_, err := connection.Write(append(m.announced(1 << 40)[:len(m.announced(1<<40))-len(m.body)], begin(m)...))
		for err == nil {
			var n int
			n, err = connection.Write(pieces)
			sent(n)
			time.Sleep(pause)
		}
	}
}

// chunks is the body in two chunks, and what ends them.
func chunks(m message, end string) []byte {
	half := len(m.body) / 2
	m = m.with("Transfer-Encoding: chunked")
	return fmt.Appendf(m.head(), "%x\r\n%s\r\n%x\r\n%s\r\n%s", half, m.body[:half], len(m.body)-half, m.body[half:], end)
}

// halfClose is a raw that ends what it says in the middle, and still listens.
func halfClose(connection net.Conn, answer []byte) {
	m := parse(answer)
	whole := m.whole()
	_, _ = connection.Write(whole[:len(whole)-len(m.body)/2])
	_ = connection.Close() // in-memory connections cannot be closed by half
}

// endlessHints is a raw that promises an answer again and again.
func endlessHints(sent func(bytes int)) raw {
	return func(connection net.Conn, _ []byte) {
		for err := error(nil); err == nil; {
			var n int
			n, err = connection.Write([]byte("HTTP/1.1 103 Early Hints\r\nLink: </style.css>\r\n\r\n"))
			sent(n)
		}
	}
}
