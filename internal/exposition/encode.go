package exposition

import (
	"bytes"
	"encoding/binary"

	dto "github.com/prometheus/client_model/go"
	"github.com/prometheus/common/expfmt"
	"google.golang.org/protobuf/proto"
)

// The formats that pages are encoded in. Both versions of OpenMetrics are the same bytes.
const (
	text = iota
	openMetrics
	delimited
	formats
)

// encode appends the page to buf. Delimited protobuf begins each family with its length, although it may end on a later
// page: following is how many bytes of the page's last family are there. It returns how many bytes of buf belong to a
// family that begins on an earlier page.
func (p *page) encode(buf *bytes.Buffer, c *catalogue, format, following int) (continued int, err error) {
	begins := false
	for chunks := p.chunks; len(chunks) > 0; {
		number := chunks[0].key.family()
		head := chunks[0].key.isHead()
		if head && !begins {
			begins, continued = true, buf.Len()
		}
		var metrics []*dto.Metric
		if head {
			chunks = chunks[1:]
		}
		for len(chunks) > 0 && chunks[0].key.family() == number {
			metrics = append(metrics, chunks[0].metrics...)
			chunks = chunks[1:]
		}
		if format == delimited {
			rest := following
			if len(chunks) > 0 {
				rest = 0
			}
			err = c.appendMessage(buf, number, head, metrics, rest)
		} else {
			err = c.appendText(buf, format, number, head, metrics)
		}
		if err != nil {
			return 0, err
		}
	}
	if !begins {
		continued = buf.Len()
	}
	return continued, nil
}

// appendText appends a family, or what of it is on a page.
func (c *catalogue) appendText(buf *bytes.Buffer, format, number int, head bool, metrics []*dto.Metric) error {
	write := func(out *bytes.Buffer, f *dto.MetricFamily) (err error) {
		if format == text {
			_, err = expfmt.MetricFamilyToText(out, f)
		} else {
			_, err = expfmt.MetricFamilyToOpenMetrics(out, f)
		}
		return err
	}
	f := c.family(number, metrics)
	begin, unwanted := buf.Len(), 0
	switch {
	case !head:
		f.Help, unwanted = nil, 1 // the line of the type
	case len(metrics) == 0:
		f.Metric = c.families[number].head
	}
	if err := write(buf, f); err != nil {
		return err
	}
	written := buf.Bytes()[begin:]
	if unwanted > 0 {
		buf.Truncate(begin + copy(written, written[bytes.IndexByte(written, '\n')+1:]))
	} else if len(metrics) == 0 {
		help := bytes.IndexByte(written, '\n') + 1
		buf.Truncate(begin + help + bytes.IndexByte(written[help:], '\n') + 1)
	}
	return nil
}

// appendMessage appends a family, or what of it is on a page, as part of a length-delimited message. Fields are in the
// order of their numbers: name, help and type are before the series.
func (c *catalogue) appendMessage(buf *bytes.Buffer, number int, head bool, metrics []*dto.Metric, following int) (err error) {
	series := &dto.MetricFamily{Metric: metrics}
	b := buf.AvailableBuffer()
	if head {
		header := c.family(number, nil)
		b = binary.AppendUvarint(b, uint64(proto.Size(header)+proto.Size(series)+following))
		if b, err = (proto.MarshalOptions{}).MarshalAppend(b, header); err != nil {
			return err
		}
	}
	if b, err = (proto.MarshalOptions{}).MarshalAppend(b, series); err != nil {
		return err
	}
	buf.Write(b)
	return nil
}
