package store

import (
	"bytes"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"time"

	"github.com/prometheus/common/expfmt"
)

// encode makes the file of an answer.
func encode(key Key, shape string, e Entry) ([]byte, error) {
	if err := check(e.Families); err != nil {
		return nil, err
	}
	success, err := e.Success.UTC().MarshalText()
	if err != nil {
		return nil, fmt.Errorf("the time of the poll: %w", err)
	}
	var file bytes.Buffer
	file.WriteString(snapshotTitle)
	comment(&file, "account", quote(key.Account))
	comment(&file, "organization", quote(key.Organization))
	comment(&file, "collector", quote(key.Collector))
	comment(&file, "shape", hash(shape))
	comment(&file, "success", string(success))
	if e.Sites != nil {
		comment(&file, "sites", strconv.Itoa(len(e.Sites)))
		for _, id := range slices.Sorted(maps.Keys(e.Sites)) {
			comment(&file, "site", quote(id), quote(e.Sites[id]))
		}
	}
	for _, family := range e.Families {
		if len(family.GetMetric()) == 0 {
			continue // the format cannot say it, and a scrape would not
		}
		if _, err := expfmt.MetricFamilyToText(&file, family); err != nil {
			return nil, fmt.Errorf("write %s: %w", family.GetName(), err)
		}
	}
	return seal(file.Bytes()), nil
}

// decode reads what encode made for this key and shape.
func decode(data []byte, key Key, shape string) (Entry, error) {
	r, err := unseal(data, snapshotTitle)
	if err != nil {
		return Entry{}, err
	}
	found := r.key()
	switch {
	case r.err != nil:
		return Entry{}, r.err
	case found != key:
		return Entry{}, errOtherKey
	}
	if err := r.shape(shape); err != nil {
		return Entry{}, err
	}
	var e Entry
	if e.Success, err = time.Parse(time.RFC3339Nano, r.field("success")); err != nil {
		return Entry{}, errHead
	}
	e.Success = e.Success.UTC()
	if r.next("sites") {
		n := r.number("sites")
		e.Sites = map[string]string{}
		for r.next("site") {
			id, name := r.pair("site")
			e.Sites[id] = name
		}
		if len(e.Sites) != n {
			r.fail()
		}
	}
	if r.err != nil {
		return Entry{}, r.err
	}
	e.Families, err = parse(r.rest)
	return e, err
}
