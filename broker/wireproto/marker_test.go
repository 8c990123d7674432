package wireproto

import (
	"encoding/hex"
	"testing"
)

// TestMarkerGolden fixes the bytes of a transaction marker: KIP-98's control record
// in a batch with attributes 0x30 and sequence -1.
func TestMarkerGolden(t *testing.T) {
	b := NewMarker(0x0102030405, 0x77, 3, ControlMarker{Commit: true, CoordinatorEpoch: 9})
	b.SetBaseOffset(42)
	b.SetLeaderEpoch(6)
	const want = "000000000000002a" + "00000042" + "00000006" + "02" + "d0a10826" + "0030" + "00000000" +
		"0000000102030405" + "0000000102030405" + "0000000000000077" + "0003" + "ffffffff" + "00000001" +
		"20" + "00" + "00" + "00" + "08" + "00000001" + "0c" + "000000000009" + "00"
	if got := hex.EncodeToString(b); got != want {
		t.Errorf("got  %s\nwant %s", got, want)
	}
	if err := b.CheckCRC(); err != nil {
		t.Error(err)
	}
	for _, commit := range []bool{false, true} {
		m := ControlMarker{Commit: commit, CoordinatorEpoch: -1}
		if got, err := ParseMarker(NewMarker(1, 2, 3, m)); err != nil || got != m {
			t.Errorf("read back %+v, %v", got, err)
		}
	}
	b[HeaderSize+8] = 2
	if m, err := ParseMarker(b); err == nil {
		t.Errorf("accepted another control type as %+v", m)
	}
}
