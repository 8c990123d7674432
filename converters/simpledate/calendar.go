package simpledate

// Calendar arithmetic over days since 1970-01-01.

// cutover is 1582-10-15, the first day of the Gregorian calendar.
const cutover = -141427

// year1583 is 1583-01-01, the first day of the first year that is Gregorian as a whole.
const year1583 = -141349

const msPerDay = 86_400_000

func floorDiv(a, b int64) int64 {
	q := a / b
	if a%b < 0 {
		q--
	}
	return q
}

// gregorian returns the day number of a date of the proleptic Gregorian calendar; month from 1.
func gregorian(y, m, d int64) int64 {
	if m <= 2 {
		y--
		m += 12
	}
	return 365*y + floorDiv(y, 4) - floorDiv(y, 100) + floorDiv(y, 400) + (153*(m-3)+2)/5 + d - 1 - 719468
}

func julian(y, m, d int64) int64 {
	if m <= 2 {
		y--
		m += 12
	}
	return 365*y + floorDiv(y, 4) + (153*(m-3)+2)/5 + d - 1 - 719470
}

// dayNumber is lenient: months and days out of range carry over.
func dayNumber(y, m, d int64) int64 {
	y += floorDiv(m-1, 12)
	m = m - 1 - 12*floorDiv(m-1, 12) + 1
	if g := gregorian(y, m, 1) + d - 1; g >= cutover {
		return g
	}
	return julian(y, m, 1) + d - 1
}

type date struct {
	year            int64 // 0 is 1 BC
	month, day, doy int64 // from 1
	dow             int64 // 0 is Sunday
}

// dateOf splits a day number. Days from 1583 on, nearly all there are, take the short way of "Euclidean affine functions and their
// application to calendar algorithms" (Neri, Schneider): years that begin in March have their leap day at the end.
func dateOf(n int64) date {
	d := date{dow: n + 4 - 7*floorDiv(n+4, 7)}
	if n >= year1583 {
		z := n + 719468
		era := z / 146097
		doe := z - era*146097
		yoe := (doe - doe/1460 + doe/36524 - doe/146096) / 365
		fromMarch := doe - (365*yoe + yoe/4 - yoe/100)
		mp := (5*fromMarch + 2) / 153
		d.year, d.day, d.month = yoe+era*400, fromMarch-(153*mp+2)/5+1, mp+3
		if mp >= 10 {
			d.year, d.month, d.doy = d.year+1, mp-9, fromMarch-305
			return d
		}
		d.doy = fromMarch + 60
		if d.year%4 == 0 && (d.year%100 != 0 || d.year%400 == 0) {
			d.doy++
		}
		return d
	}
	first := gregorian
	if n < cutover {
		first = julian
	}
	d.year = floorDiv((n+719468)*400, 146097)
	for first(d.year+1, 1, 1) <= n {
		d.year++
	}
	for first(d.year, 1, 1) > n {
		d.year--
	}
	d.doy = n - dayNumber(d.year, 1, 1) + 1
	d.month = 12
	for first(d.year, d.month, 1) > n {
		d.month--
	}
	d.day = n - first(d.year, d.month, 1) + 1
	return d
}

// weekOfYear follows en_US: weeks begin on Sunday, and the one with 1 January is the first of its year.
func (d date) weekOfYear() (year, week int64) {
	left := dayNumber(d.year+1, 1, 1) - dayNumber(d.year, 1, 1) - d.doy + 1
	if d.dow+left <= 6 {
		return d.year + 1, 1
	}
	firstDow := (d.dow - (d.doy-1)%7 + 7) % 7
	return d.year, (d.doy-1+firstDow)/7 + 1
}

func (d date) weekOfMonth() int64 {
	firstDow := (d.dow - (d.day-1)%7 + 7) % 7
	return (d.day-1+firstDow)/7 + 1
}
