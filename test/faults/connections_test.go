package faults

import (
	"bytes"
	"io"
	"net"
	"os"
	"syscall"
)

// resetting is reset when it is read.
type resetting struct{ net.Conn }

func (c resetting) Read([]byte) (int, error) {
	_ = c.Close()
	return 0, &net.OpError{Op: "read", Net: "tcp", Err: os.NewSyscallError("read", syscall.ECONNRESET)}
}

// Write fails in the same way once the connection is closed, so that it does not matter which end notices first.
func (c resetting) Write(p []byte) (int, error) {
	n, err := c.Conn.Write(p)
	if err != nil {
		_, err = c.Read(nil)
	}
	return n, err
}

// silent receives everything and passes nothing on.
type silent struct{ net.Conn }

func (c silent) Read([]byte) (int, error) {
	if _, err := io.Copy(io.Discard, c.Conn); err != nil {
		return 0, err
	}
	return 0, io.EOF
}

// speaking receives what it is told to.
type speaking struct {
	net.Conn
	io.Reader
}

func (c speaking) Read(b []byte) (int, error) { return c.Reader.Read(b) }

// flipping changes the last bit of everything written after the first write.
type flipping struct {
	net.Conn
	writes int
}

func (c *flipping) Write(b []byte) (int, error) {
	if c.writes++; c.writes > 1 {
		b = bytes.Clone(b)
		b[len(b)-1] ^= 1
	}
	return c.Conn.Write(b)
}
