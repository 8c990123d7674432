package simpledate

import "strconv"

var (
	months = [...]string{"January", "February", "March", "April", "May", "June", "July", "August", "September", "October", "November", "December"}
	days   = [...]string{"Sunday", "Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday"}
)

// Append appends the text of an instant, in milliseconds since the epoch. It makes no allocation.
func (f *Format) Append(dst []byte, ms int64) []byte {
	p := f.Printer()
	return p.Append(dst, ms)
}

// A Printer is a Format that remembers the day: instants that come one after the other are often of the same one. It is not safe for
// concurrent use.
type Printer struct {
	f     *Format
	dayNo int64
	day   date
}

// Printer returns a printer of the format.
func (f *Format) Printer() Printer { return Printer{f: f, day: dateOf(0)} }

// Append is [Format.Append].
func (p *Printer) Append(dst []byte, ms int64) []byte {
	dayNo := floorDiv(ms, msPerDay)
	if dayNo != p.dayNo {
		p.dayNo, p.day = dayNo, dateOf(dayNo)
	}
	f, d, t := p.f, &p.day, ms-dayNo*msPerDay
	for i := range f.items {
		it := &f.items[i]
		n := int64(-1)
		switch it.letter { // what nearly every pattern has
		case 0:
			dst = append(dst, it.literal...)
			continue
		case 'H':
			n = t / 3_600_000
		case 'm':
			n = t / 60_000 % 60
		case 's':
			n = t / 1000 % 60
		case 'd':
			n = d.day
		}
		if n >= 0 && it.count == 2 {
			dst = append(dst, byte('0'+n/10), byte('0'+n%10))
		} else {
			dst = appendField(dst, it, d, t)
		}
	}
	return dst
}

func appendField(dst []byte, it *item, d *date, t int64) []byte {
	hour := t / 3_600_000
	n := int64(0)
	switch it.letter {
	case 'G':
		if d.year <= 0 {
			return append(dst, "BC"...)
		}
		return append(dst, "AD"...)
	case 'y', 'Y':
		y := d.year
		if it.letter == 'Y' {
			y, _ = d.weekOfYear()
		}
		if y <= 0 {
			y = 1 - y
		}
		if it.count == 2 {
			y %= 100
		}
		n = y
	case 'M', 'L':
		switch {
		case it.count >= 4:
			return append(dst, months[d.month-1]...)
		case it.count == 3:
			return append(dst, months[d.month-1][:3]...)
		}
		n = d.month
	case 'E':
		if it.count >= 4 {
			return append(dst, days[d.dow]...)
		}
		return append(dst, days[d.dow][:3]...)
	case 'a':
		if hour < 12 {
			return append(dst, "AM"...)
		}
		return append(dst, "PM"...)
	case 'z':
		if it.count >= 4 {
			return append(dst, "Coordinated Universal Time"...)
		}
		return append(dst, "UTC"...)
	case 'Z':
		return append(dst, "+0000"...)
	case 'X':
		return append(dst, 'Z')
	default:
		n = number(it.letter, d, t)
	}
	return pad(dst, n, it.count)
}

func number(letter byte, d *date, t int64) int64 {
	hour := t / 3_600_000
	switch letter {
	case 'w':
		_, w := d.weekOfYear()
		return w
	case 'W':
		return d.weekOfMonth()
	case 'D':
		return d.doy
	case 'd':
		return d.day
	case 'F':
		return (d.day-1)/7 + 1
	case 'u':
		return (d.dow+6)%7 + 1
	case 'H':
		return hour
	case 'k':
		return (hour+23)%24 + 1
	case 'K':
		return hour % 12
	case 'h':
		return (hour+11)%12 + 1
	case 'm':
		return t / 60_000 % 60
	case 's':
		return t / 1000 % 60
	}
	return t % 1000 // S
}

func pad(dst []byte, n int64, width int) []byte {
	if width == 2 && uint64(n) < 100 {
		return append(dst, byte('0'+n/10), byte('0'+n%10))
	}
	if width == 4 && uint64(n) < 10_000 {
		return append(dst, byte('0'+n/1000), byte('0'+n/100%10), byte('0'+n/10%10), byte('0'+n%10))
	}
	digits := 1
	for x := n; x >= 10; x /= 10 {
		digits++
	}
	for range width - digits {
		dst = append(dst, '0')
	}
	return strconv.AppendInt(dst, n, 10)
}
