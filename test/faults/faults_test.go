//go:build port

package faults

import (
	"bytes"
	"net/http"
	"strings"
	"time"

	"github.com/runzero-exporter/runzero_exporter/runzero/simulator"
)

// shape is what a good answer of an endpoint is like.
type shape int

const (
	lines  shape = iota // a record a line
	array               // an array of records
	object              // one object
	record              // the only record of what may have several
)

// fault is something that goes wrong between the console and who asks it.
type fault struct {
	name  string
	fault simulator.Fault
	// says is what the error says, by the shape of the answer; a shape that is not there
	// is read as if nothing were wrong.
	says map[shape]string
	// scan is what is said of the answer to a request for a scan, where that is another.
	scan string
	// line is what goes wrong with every connection, instead of fault.
	line *bend
	// on are the connections that it happens on; none is plain HTTP/1.1.
	on []connection
	// pause is how long a failure takes to heal, where that is longer than an interval.
	pause time.Duration
	// slow is how much longer a round takes, of polls that wait for each other.
	slow time.Duration
	// all tells that it is the console as a whole that fails.
	all bool
	// tells is a collector for which this is an answer, and no failure.
	tells string
}

// always is for faults that fail every answer.
func always(text string) map[shape]string {
	return map[shape]string{lines: text, array: text, object: text, record: text}
}

func rawly(r raw) simulator.Fault { return sendRaw(r) }

func answered(status int, contentType, text string) simulator.Fault {
	return simulator.Fault{Status: status, ContentType: contentType, Body: &text}
}

func header(name string, values ...string) simulator.Fault {
	return simulator.Fault{Header: http.Header{name: values}}
}

// A page of a proxy that wants a login. The word must never be seen again.
const loginPage = "<!doctype html><title>PLANTED</title><form action=/login>"

// faults are all that is tried on every collector and command, by what is at fault. sent
// is told how many bytes go out where there is no end of them.
func faults(sent func(bytes int)) []group {
	const (
		early     = "the response ended early"
		notJSON   = "the response is not JSON"
		page      = "the response is a web page, not data"
		tooLarge  = "larger than this exporter reads"
		malformed = "malformed"
		late      = "context deadline exceeded"
	)
	all := func(m message) int { return len(m.whole()) }
	head := func(m message) int { return all(m) - len(m.body) }
	mark := []byte{0xEF, 0xBB, 0xBF}
	wide := []connection{plain, secureHTTP1, secureHTTP2}
	return []group{
		{"The network, and TLS", lineFaults()},
		{"The connection", []fault{
			{name: "is closed without an answer", fault: simulator.Fault{Drop: true}, says: always("EOF|stream error"), on: wide},
			{name: "ends in the status line", fault: rawly(cut(func(message) int { return 7 })), says: always(malformed)},
			{name: "ends in the headers", fault: rawly(cut(func(m message) int { return head(m) / 2 })), says: always("EOF|" + malformed)},
			{name: "ends behind the headers", fault: rawly(cut(head)), says: always(early)},
			{name: "ends in the first record", fault: rawly(cut(func(m message) int { return head(m) + m.record()/2 })), says: always(early), on: []connection{plain, secureHTTP1}},
			{name: "ends between two records", fault: rawly(cut(func(m message) int { return head(m) + m.record() })), says: always(early), on: []connection{plain, secureHTTP1}},
			{name: "ends before the last byte", fault: rawly(cut(func(m message) int { return all(m) - 2 })), says: always(early)},
			{name: "breaks off in the middle, or resets the stream", fault: simulator.Fault{Truncate: 20}, says: always(early), on: wide},
			{name: "is closed on one side, in the middle", fault: rawly(halfClose), says: always(early), on: []connection{plain, secureHTTP1}},
			{name: "stalls before the answer", fault: simulator.Fault{Delay: time.Hour}, says: always(late), on: wide},
			{name: "stalls behind the headers", fault: rawly(stall(head)), says: always(late)},
			{name: "stalls in the middle", fault: rawly(stall(func(m message) int { return head(m) + len(m.body)/2 })), says: always(late), on: []connection{plain, secureHTTP1}},
			{name: "trickles, and comes to an end in time", fault: rawly(trickle(20, time.Second)), on: []connection{plain, secureHTTP1}},
			{name: "trickles, and does not", fault: rawly(endless(sent, func(message) []byte { return nil }, " ", time.Second)), says: always(late)},
		}},
		{"The protocol", []fault{
			{name: "another is spoken", fault: rawly(send(func(message) []byte { return []byte("SSH-2.0-OpenSSH_9.2\r\n\r\n") })), says: always(malformed)},
			{name: "HTTP/1.0, with its length", fault: rawly(change(func(m message) message { m.line = "HTTP/1.0 200 OK"; return m }))},
			{name: "no length and no chunks: the end of the connection is the end", fault: rawly(send(func(m message) []byte { return append(m.head(), m.body...) })),
				says: map[shape]string{lines: "does not say where it ends", record: "does not say where it ends"}},
			{name: "more bytes are announced than come", fault: rawly(send(func(m message) []byte { return m.announced(len(m.body) + 10) })), says: always(early)},
			{name: "fewer bytes are announced than come", fault: rawly(send(func(m message) []byte { return m.announced(m.record() / 2) })), says: always(early)},
			{name: "two lengths are announced", fault: rawly(send(func(m message) []byte { return m.with("Content-Length: 1").whole() })), says: always("Content-Length")},
			{name: "chunks, whole", fault: rawly(send(func(m message) []byte { return chunks(m, "0\r\n\r\n") }))},
			{name: "chunks, with a trailer", fault: rawly(send(func(m message) []byte { return chunks(m, "0\r\nX-Sum: PLANTED\r\n\r\n") }))},
			{name: "chunks, of which the last is missing", fault: rawly(send(func(m message) []byte { return chunks(m, "") })), says: always(early)},
			{name: "chunks, one of them of no size", fault: rawly(send(func(m message) []byte { return chunks(m, "PLANTED\r\n") })), says: always(early)},
			{name: "an early hint before the answer", fault: rawly(send(func(m message) []byte {
				return append([]byte("HTTP/1.1 103 Early Hints\r\nLink: </PLANTED>\r\n\r\n"), m.whole()...)
			}))},
			{name: "early hints without end", fault: rawly(endlessHints(sent)), says: always("headers")},
			{name: "headers of a megabyte", fault: rawly(change(func(m message) message { return m.with("X-Planted: " + strings.Repeat("PLANTED", 150_000)) })), says: always("headers")},
		}},
		{"The encoding", []fault{
			{name: "gzip that breaks off", fault: rawly(packed(func(z []byte) []byte { return z[:len(z)/2] })), says: always(early)},
			{name: "gzip of which only the checksum is missing", fault: rawly(packed(func(z []byte) []byte { return z[:len(z)-8] })), says: always(early)},
			{name: "gzip with a wrong checksum", fault: rawly(packed(func(z []byte) []byte { z[len(z)-8] ^= 1; return z })), says: always("gzip")},
			{name: "gzip is announced, and it is not", fault: rawly(change(func(m message) message { return m.with("Content-Encoding: gzip") })), says: always("gzip")},
			{name: "gzip is sent, and not announced", fault: rawly(body(zip)), says: always(notJSON)},
			{name: "gzip twice", fault: rawly(packed(zip)), says: always(notJSON)},
			{name: "an encoding that was not asked for", fault: rawly(change(func(m message) message { return m.with("Content-Encoding: br").containing(zip(m.body)) })), says: always(notJSON)},
			{name: "gzip that unpacks to no end", fault: rawly(change(func(m message) message {
				return m.with("Content-Encoding: gzip").containing(zip([]byte(`[{"id":"` + strings.Repeat("PLANTED ", 4<<20))))
			})), says: always(tooLarge)},
			{name: "UTF-16", fault: rawly(body(utf16)), says: always(notJSON)},
			{name: "a byte order mark", fault: rawly(body(func(b []byte) []byte { return append(bytes.Clone(mark), b...) }))},
			{name: "lines that end as on Windows", fault: rawly(body(func(b []byte) []byte { return bytes.ReplaceAll(b, []byte("\n"), []byte("\r\n")) }))},
		}},
		{"The content", []fault{
			{name: "no type is told", fault: rawly(change(func(m message) message { return m.without("Content-Type") }))},
			{name: "another type is told: text/plain", fault: header("Content-Type", "text/plain; charset=utf-16"), on: wide},
			{name: "another type is told: text/html", fault: header("Content-Type", "text/html"), says: always(page), on: wide},
			{name: "a web page", fault: answered(http.StatusOK, "text/html", loginPage), says: always(page), on: wide},
			{name: "a web page, called JSON", fault: answered(http.StatusOK, "application/json", loginPage), says: always(page)},
			{name: "words", fault: answered(http.StatusOK, "application/json", "PLANTED sorry"), says: always(notJSON)},
			{name: "a number", fault: answered(http.StatusOK, "application/json", "7"), says: map[shape]string{
				lines: "record 1: not an object with an id", array: "record 1: not an object with an id", object: "the response contains no", record: "record 1: not an object with an id"}, scan: "not an object with an id"},
			{name: "an error, as a record of its own", fault: answered(http.StatusOK, "application/json", `{"error":"PLANTED"}`), says: map[shape]string{
				lines: "record 1: not an object with an id", array: "record 1: not an object with an id", object: "the response contains no", record: "record 1: not an object with an id"}, scan: "not an object with an id"},
			{name: "an error, behind the first record", fault: rawly(body(behindTheFirst(`{"error":"PLANTED"}`))), says: map[shape]string{
				lines: "record 2: not an object with an id", array: "record 2: not an object with an id", object: notJSON, record: "record 2: not an object with an id"}},
			{name: "half a record, and then the next", fault: rawly(body(behindTheFirst(`{"id":"PLANTED`))), says: map[shape]string{
				lines: notJSON, array: notJSON, object: notJSON, record: early}},
			{name: "a record without end", fault: rawly(endless(sent, func(message) []byte { return []byte(`[{"id":"`) }, "PLANTED ", 0)), says: always(tooLarge)},
			{name: "blanks without end", fault: rawly(endless(sent, func(message) []byte { return nil }, "\r\n", 0)), says: always(tooLarge)},
			{name: "brackets without end", fault: rawly(endless(sent, func(message) []byte { return nil }, `[{"a":`, 0)), says: map[shape]string{
				lines: "record 1:", array: "record 1:", object: notJSON, record: "record 1:"}},
		}},
		{"The status", []fault{
			{name: "500, with a page", fault: answered(http.StatusInternalServerError, "text/html", loginPage), says: always("500 Internal Server Error"), on: wide, tells: "console"},
			{name: "502, with words", fault: answered(http.StatusBadGateway, "text/plain", "bad gateway"), says: always("502 Bad Gateway: bad gateway"), tells: "console"},
			{name: "503, asking to wait", fault: simulator.Fault{Status: http.StatusServiceUnavailable, Header: http.Header{"Retry-After": {"120"}}}, says: always("503 Service Unavailable"), tells: "console"},
			{name: "504, without a body", fault: answered(http.StatusGatewayTimeout, "", ""), says: always("504 Gateway Timeout"), tells: "console"},
			{name: "400, with broken JSON", fault: answered(http.StatusBadRequest, "application/json", `{"error":"PLANTED`), says: always("400 Bad Request")},
			{name: "422", fault: simulator.Fault{Status: http.StatusUnprocessableEntity}, says: always("422 Unprocessable Entity: ")},
			{name: "401", fault: simulator.Fault{Status: http.StatusUnauthorized}, says: always("401 Unauthorized"), pause: time.Hour},
			{name: "429, with calls left", fault: simulator.Fault{Status: http.StatusTooManyRequests}, says: always("429 Too Many Requests"), all: true},
			{name: "206: a part", fault: simulator.Fault{Status: http.StatusPartialContent}, says: always("206 Partial Content")},
			{name: "304, to what asked for no such thing", fault: simulator.Fault{Status: http.StatusNotModified}, says: always("304 Not Modified")},
			{name: "a redirect to another host", fault: simulator.Fault{Status: http.StatusFound, Header: http.Header{"Location": {"https://elsewhere.example/PLANTED"}}}, says: always("redirects to another origin"), scan: "302 Found"},
			{name: "a redirect in a circle", fault: simulator.Fault{Status: http.StatusTemporaryRedirect, Header: http.Header{"Location": {"?again"}}}, says: always("redirects in a circle"), scan: "307 Temporary Redirect"},
			{name: "a redirect to nowhere", fault: simulator.Fault{Status: http.StatusMovedPermanently, Header: http.Header{"Location": {"http://[PLANTED"}}}, says: always("Location")},
		}},
	}
}

// group is faults of one kind.
type group struct {
	of     string
	faults []fault
}

// packed is a raw that sends a body in gzip, which f has bent.
func packed(f func(z []byte) []byte) raw {
	return change(func(m message) message { return m.with("Content-Encoding: gzip").containing(f(zip(m.body))) })
}

// behindTheFirst puts something behind the first record of a body.
func behindTheFirst(text string) func(b []byte) []byte {
	return func(b []byte) []byte {
		end := bytes.Index(b, []byte("}\n")) + 1
		joint := "\n"
		if bytes.HasPrefix(b, []byte("[{")) {
			end, joint = bytes.Index(b, []byte("},{"))+1, ","
		}
		if end <= 0 {
			end = len(b)
		}
		return bytes.Join([][]byte{b[:end], []byte(joint + text), b[end:]}, nil)
	}
}

func utf16(b []byte) []byte {
	wide := []byte{0xFE, 0xFF}
	for _, c := range b {
		wide = append(wide, 0, c)
	}
	return wide
}
