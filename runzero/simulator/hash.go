package simulator

import (
	"encoding/binary"
	"encoding/hex"
	"math/bits"
)

// key is a point in the seed's space. Everything random is drawn from one by
// name (sub), so that any record can be computed without those before it.
type key uint64

// The names under which values are drawn. Their order is part of the world:
// append only.
const (
	drawOrg uint64 = iota + 1
	drawSite
	drawAsset
	drawClass
	drawLife
	drawPhase
	drawGap
	drawIntegration
	drawDock
	drawJitter
	drawOS
	drawModel
	drawRisk
	drawCriticality
	drawSources
	drawServices
	drawSoftware
	drawVulnerabilities
	drawOutlier
	drawMAC
	drawAddress
	drawName
	drawSchedule
	drawRun
	drawOutcome
	drawStage
	drawError
	drawStats
	drawExplorer
	drawDrop
	drawToken
	drawScan
	drawClient
	drawUser
	drawParent
	drawRTT
	drawHardware
	drawOwner
	drawBirth
	drawZone
	drawPublic
	drawService
	drawCertificate
	drawPackage
	drawVulnerability
	drawWireless
	drawPerson
	drawGroup
	drawFinding
	drawIncident
)

// mix is SplitMix64's finalizer.
func mix(z uint64) uint64 {
	z += 0x9e3779b97f4a7c15
	z = (z ^ z>>30) * 0xbf58476d1ce4e5b9
	z = (z ^ z>>27) * 0x94d049bb133111eb
	return z ^ z>>31
}

func (k key) sub(n uint64) key { return key(mix(uint64(k) ^ n*0xd1342543de82ef95)) }

// below maps the key to [0, n).
func (k key) below(n int64) int64 {
	if n <= 0 {
		return 0
	}
	hi, _ := bits.Mul64(uint64(k), uint64(n))
	return int64(hi)
}

// between maps the key to [lo, hi).
func (k key) between(lo, hi int64) int64 { return lo + k.below(hi-lo) }

const hexDigits = "0123456789abcdef"

const zeroUUID = "00000000-0000-0000-0000-000000000000"

// appendUUID writes the key's UUID, of version 4 in form.
func (k key) appendUUID(b []byte) []byte {
	hi, lo := mix(uint64(k)), mix(uint64(k)+1)
	hi = hi&^0xf000 | 0x4000
	lo = lo&^(3<<62) | 2<<62
	var id [16]byte
	binary.BigEndian.PutUint64(id[:8], hi)
	binary.BigEndian.PutUint64(id[8:], lo)
	n := len(b)
	b = append(b, zeroUUID...)
	text := b[n:]
	hex.Encode(text, id[:4])
	hex.Encode(text[9:], id[4:6])
	hex.Encode(text[14:], id[6:8])
	hex.Encode(text[19:], id[8:10])
	hex.Encode(text[24:], id[10:])
	return b
}

func (k key) uuid() string { return string(k.appendUUID(make([]byte, 0, 36))) }

// hex writes n hexadecimal digits, at most 32.
func (k key) hex(n int) string {
	b := make([]byte, 0, 32)
	for _, v := range [2]uint64{mix(uint64(k)), mix(uint64(k) + 1)} {
		for i := 15; i >= 0; i-- {
			b = append(b, hexDigits[v>>(4*uint(i))&15])
		}
	}
	return string(b[:n])
}

// floorDiv rounds towards minus infinity: clocks before 1970 and phases beyond
// the present both make the dividend negative.
func floorDiv(a, b int64) int64 {
	q := a / b
	if a%b < 0 {
		q--
	}
	return q
}
