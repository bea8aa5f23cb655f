package simulator

import (
	"encoding/binary"
	"encoding/hex"
	"math/bits"
)

// key is a point in the space of a seed. Everything random is drawn from a key by a number
// (sub), so that any record can be computed without those before it.
type key uint64

// What is drawn from a key, numbered from 1, five to a line. The order is part of the simulated world: append only.
const (
	drawOrg, drawSite, drawAsset, drawClass, drawLife uint64 = 5*iota + 1, 5*iota + 2, 5*iota + 3, 5*iota + 4, 5*iota + 5
	drawPhase, drawGap, drawIntegration, drawDock, drawJitter
	drawOS, drawModel, drawRisk, drawCriticality, drawSources
	drawServices, drawSoftware, drawVulnerabilities, drawOutlier, drawMAC
	drawAddress, drawName, drawSchedule, drawRun, drawOutcome
	drawStage, drawError, drawStats, drawExplorer, drawDrop
	drawToken, drawScan, drawClient, drawUser, drawParent
	drawRTT, drawHardware, drawOwner, drawBirth, drawZone
	drawPublic, drawService, drawCertificate, drawPackage, drawVulnerability
	drawWireless, drawPerson, drawGroup, drawFinding, drawIncident
	drawKey, _, _, _, _
)

// mix is the finalizer of SplitMix64.
func mix(z uint64) uint64 {
	z += 0x9e3779b97f4a7c15
	z = (z ^ z>>30) * 0xbf58476d1ce4e5b9
	z = (z ^ z>>27) * 0x94d049bb133111eb
	return z ^ z>>31
}

func (k key) sub(n uint64) key { return key(mix(uint64(k) ^ n*0xd1342543de82ef95)) }

// below maps the key to [0, n).
func (k key) below(n int64) int64 {
	hi, _ := bits.Mul64(uint64(k), uint64(max(0, n)))
	return int64(hi)
}

// between maps the key to [lo, hi).
func (k key) between(lo, hi int64) int64 { return lo + k.below(hi-lo) }

// pick chooses from a list by weight.
func pick[T any](list []T, k key, weight func(*T) int64) *T {
	var total int64
	for i := range list {
		total += weight(&list[i])
	}
	n := k.below(total)
	for i := range list {
		if n -= weight(&list[i]); n < 0 {
			return &list[i]
		}
	}
	return &list[0]
}

const zeroUUID = "00000000-0000-0000-0000-000000000000"

// bytes are 16 bytes of the key.
func (k key) bytes() (b [16]byte) {
	binary.BigEndian.PutUint64(b[:8], mix(uint64(k)))
	binary.BigEndian.PutUint64(b[8:], mix(uint64(k)+1))
	return b
}

// appendUUID writes the key as a UUID of version 4.
func (k key) appendUUID(b []byte) []byte {
	id := k.bytes()
	id[6] = id[6]&0x0f | 0x40
	id[8] = id[8]&0x3f | 0x80
	text := [36]byte{8: '-', 13: '-', 18: '-', 23: '-'}
	hex.Encode(text[:], id[:4])
	hex.Encode(text[9:], id[4:6])
	hex.Encode(text[14:], id[6:8])
	hex.Encode(text[19:], id[8:10])
	hex.Encode(text[24:], id[10:])
	return append(b, text[:]...)
}

func (k key) uuid() string { return string(k.appendUUID(nil)) }

// hex returns n hexadecimal digits, at most 32.
func (k key) hex(n int) string {
	b := k.bytes()
	return hex.EncodeToString(b[:])[:n]
}

// floorDiv rounds down: clocks before 1970 make the dividend negative.
func floorDiv(a, b int64) int64 {
	q := a / b
	if a%b < 0 {
		q--
	}
	return q
}

func floorMod(a, b int64) int64 { return a - floorDiv(a, b)*b }
