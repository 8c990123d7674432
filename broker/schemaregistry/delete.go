package schemaregistry

import "errors"

var errIDsUsedUp = errors.New("all ids are used up")

// referrers returns the versions that refer to a version of a subject.
func referrers(s *state, subject string, number int, deleted bool) []*version {
	var out []*version
	for _, versions := range s.subjects(":*:") {
		for _, v := range versions {
			if v.deleted && !deleted {
				continue
			}
			for _, r := range v.content.references {
				if r.Version == number && beside(v.subject, r.Subject) == subject {
					out = append(out, v)
					break
				}
			}
		}
	}
	return out
}

// deleteVersion decides on DELETE /subjects/{subject}/versions/{version}.
func deleteVersion(s *state, subject string, number int, permanent bool) (*version, []record, *Error) {
	if fail := writable(subject, s.effectiveMode(subject)); fail != nil {
		return nil, nil, fail
	}
	versions := s.versions(subject)
	if len(versions) == 0 || !permanent && pick(versions, latest, false) == nil && number == latest {
		return nil, nil, errSubjectNotFound(subject)
	}
	v := pick(versions, number, number != latest)
	switch {
	case v == nil && number == latest:
		return nil, nil, errSubjectNotFound(subject)
	case v == nil:
		return nil, nil, errVersionNotFound(number)
	case v.deleted && !permanent:
		return nil, nil, errVersionSoftDeleted(subject, v.number)
	case !v.deleted && permanent:
		return nil, nil, errVersionNotSoftDeleted(subject, v.number)
	case len(referrers(s, subject, v.number, permanent)) > 0:
		return nil, nil, errReferenced(subject, v.number)
	}
	if permanent {
		return v, []record{removeVersionRecord(subject, v.number)}, nil
	}
	gone := *v
	gone.deleted = true
	return v, []record{schemaRecord(&gone)}, nil
}

// deleteSubject decides on DELETE /subjects/{subject}, which also forgets the settings of the subject.
func deleteSubject(s *state, subject string, permanent bool) ([]int, []record, *Error) {
	if fail := writable(subject, s.effectiveMode(subject)); fail != nil {
		return nil, nil, fail
	}
	versions := s.versions(subject)
	live := pick(versions, latest, false)
	switch {
	case len(versions) == 0:
		return nil, nil, errSubjectNotFound(subject)
	case live == nil && !permanent:
		return nil, nil, errSubjectSoftDeleted(subject)
	case live != nil && permanent:
		return nil, nil, errSubjectNotSoftDeleted(subject)
	}
	var numbers []int
	var records []record
	for _, v := range versions {
		if v.deleted && !permanent {
			continue
		}
		if len(referrers(s, subject, v.number, permanent)) > 0 {
			return nil, nil, errReferenced(subject, v.number)
		}
		numbers = append(numbers, v.number)
		if permanent {
			records = append(records, removeVersionRecord(subject, v.number))
		}
	}
	if !permanent {
		records = append(records, deleteSubjectRecord(subject, live.number))
		if _, ok := s.config(subject); ok {
			records = append(records, configRecord(subject, nil))
		}
		if s.mode(subject) != "" {
			records = append(records, modeRecord(subject, ""))
		}
	}
	return numbers, records, nil
}
