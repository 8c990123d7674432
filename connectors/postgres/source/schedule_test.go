package source

import (
	"testing"
	"time"
)

func TestTheTableThatWaitedLongestIsNext(t *testing.T) {
	now := time.UnixMilli(0)
	s := newSchedule(3, 5*time.Second)
	var order []int
	for range 5 {
		i, wait := s.next(now)
		now = now.Add(wait)
		s.started(i, now)
		order = append(order, i)
		now = now.Add(time.Second)
	}
	want := []int{0, 1, 2, 0, 1}
	for i := range want {
		if order[i] != want[i] {
			t.Fatalf("%v, want %v", order, want)
		}
	}
	if now != time.UnixMilli(7000) {
		t.Errorf("the intervals were not kept: %v", now.UnixMilli())
	}
}
