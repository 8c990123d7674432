package subject

import (
	"context"
	"errors"
	"fmt"
	"net/url"
	"strconv"
	"time"
)

// A Client is one converter's view of the registry. Its methods are called by the converter's goroutine, a few times a schema: the
// converter keeps what it has learnt by schema pointer or id. They block for requests, with retries, until [Client.Close].
type Client struct {
	*shared
	pool        *Pool
	name        string
	strategy    strategy
	place       placement
	strategyKey string
	class       string
	isKey       bool
	ctx         context.Context
	stop        context.CancelCauseFunc
}

var errClosed = errors.New("the converter was closed")

// Close ends the client's calls that are under way, from any goroutine; further calls fail. It may be called twice.
func (c *Client) Close() {
	if c.ctx.Err() == nil {
		c.stop(errClosed)
		c.pool.release(c.name)
	}
}

// subject names the subject of a record's schema; record is the full name of the record or message, "" when it is none.
func (c *Client) subject(topic, record string) (string, error) {
	switch {
	case c.strategy == topicName && c.isKey:
		return topic + "-key", nil
	case c.strategy == topicName:
		return topic + "-value", nil
	case record == "":
		side := "value"
		if c.isKey {
			side = "key"
		}
		//lint:ignore ST1005 the text is Confluent's
		return "", fmt.Errorf("In configuration %s = %s, the message %s must only be a record schema", c.strategyKey, c.class, side)
	case c.strategy == recordName:
		return record, nil
	}
	return topic + "-" + record, nil
}

// UseLatestStrict reports whether Write returns a schema that is not the one it was given, and must be checked against it.
func (c *Client) UseLatestStrict() bool {
	switch {
	case c.s.AutoRegister:
		return false
	case c.s.UseID >= 0:
		return c.s.IDStrict
	}
	return c.s.UseLatest && c.s.LatestStrict
}

type schemaBody struct {
	Schema     string      `json:"schema"`
	SchemaType string      `json:"schemaType,omitempty"`
	References []Reference `json:"references,omitempty"`
}

type schemaAnswer struct {
	schemaBody
	Subject string `json:"subject"`
	Version int    `json:"version"`
	ID      int32  `json:"id"`
	GUID    string `json:"guid"`
}

func (a schemaAnswer) schema() Schema {
	t := a.SchemaType
	if t == "" {
		t = Avro
	}
	return Schema{Type: t, Text: a.Schema, References: a.References}
}

func (a schemaAnswer) registered() Registered {
	return Registered{Schema: a.schema(), Subject: a.Subject, Version: a.Version, ID: a.ID, GUID: a.GUID}
}

func bodyOf(s Schema) schemaBody {
	t := s.Type
	if t == Avro {
		t = ""
	}
	return schemaBody{s.Text, t, s.References}
}

// Write gives the schema that values of s are to be written with, as the settings say: s, registered or looked up; the subject's latest;
// or the one of a fixed id.
func (c *Client) Write(topic, record string, s Schema) (Registered, error) {
	subject, err := c.subject(topic, record)
	if err != nil {
		return Registered{}, err
	}
	switch {
	case c.s.AutoRegister:
		return c.register(subject, s)
	case c.s.UseID >= 0:
		return c.ByID(topic, ID{Num: int32(c.s.UseID)})
	case c.s.UseLatest:
		return c.latestOf(subject)
	}
	return c.lookUp(subject, s)
}

func (c *Client) register(subject string, s Schema) (Registered, error) {
	k := lookup{subject, s.Type, s.Text, referencesKey(s.References)}
	return c.written.get(c.ctx, c.flights, k, nil, func(ctx context.Context) (Registered, error) {
		var a schemaAnswer
		err := c.do(ctx, "POST", "/subjects/"+url.PathEscape(subject)+"/versions", c.normalize(), bodyOf(s), &a)
		return Registered{Schema: s, Subject: subject, Version: a.Version, ID: a.ID, GUID: a.GUID}, err
	})
}

func (c *Client) normalize() url.Values {
	return url.Values{"normalize": {strconv.FormatBool(c.s.Normalize)}}
}

func (c *Client) lookUp(subject string, s Schema) (Registered, error) {
	k := lookup{subject, s.Type, s.Text, referencesKey(s.References)}
	return c.written.get(c.ctx, c.flights, k, nil, func(ctx context.Context) (Registered, error) {
		q := c.normalize()
		q.Set("deleted", "false")
		var a schemaAnswer
		err := c.do(ctx, "POST", "/subjects/"+url.PathEscape(subject), q, bodyOf(s), &a)
		if missing(err) {
			err = fmt.Errorf("%w (auto.register.schemas=false: register the schema in subject %s first)", err, subject)
		}
		return Registered{Schema: s, Subject: subject, Version: a.Version, ID: a.ID, GUID: a.GUID}, err
	})
}

func (c *Client) latestOf(subject string) (Registered, error) {
	fresh := func(d dated) bool {
		return c.s.LatestTTL < 0 || time.Since(d.at) < time.Duration(c.s.LatestTTL)*time.Second
	}
	d, err := c.latest.get(c.ctx, c.flights, subject, fresh, func(ctx context.Context) (dated, error) {
		var a schemaAnswer
		err := c.do(ctx, "GET", "/subjects/"+url.PathEscape(subject)+"/versions/latest", nil, nil, &a)
		if missing(err) {
			err = fmt.Errorf("%w (use.latest.version=true: register a schema in subject %s first)", err, subject)
		}
		return dated{a.registered(), time.Now()}, err
	})
	return d.Registered, err
}

// LatestKept says for how long Write's answer holds: 0 for ever. Only use.latest.version makes answers grow old.
func (c *Client) LatestKept() time.Duration {
	if c.s.AutoRegister || c.s.UseID >= 0 || !c.s.UseLatest || c.s.LatestTTL < 0 {
		return 0
	}
	return max(time.Duration(c.s.LatestTTL)*time.Second, 1) // of zero seconds, hardly at all
}

// ByID fetches the schema that bytes name.
func (c *Client) ByID(topic string, id ID) (Registered, error) {
	k := fetch{id: id}
	if c.strategy == topicName {
		k.subject, _ = c.subject(topic, "") // a hint for registries with contexts
	}
	return c.byID.get(c.ctx, c.flights, k, nil, func(ctx context.Context) (Registered, error) {
		q := url.Values{"fetchMaxId": {"false"}}
		if k.subject != "" {
			q.Set("subject", k.subject)
		}
		path := "/schemas/ids/" + strconv.FormatInt(int64(id.Num), 10)
		if id.ByGUID() {
			path, q = "/schemas/guids/"+id.guid(), nil
		}
		var a schemaAnswer
		err := c.do(ctx, "GET", path, q, nil, &a)
		if missing(err) {
			err = fmt.Errorf("%w (the bytes were written with another registry than schema.registry.url, or the schema was deleted for good)", err)
		}
		return Registered{Schema: a.schema(), ID: id.Num, GUID: a.GUID}, err
	})
}

// Version returns the version of a schema in the subject of the topic; 0 when that subject does not have it, as happens to topics that
// were renamed or copied. (Confluent's converters fail there.)
func (c *Client) Version(topic, record string, s Registered) (int, error) {
	subject, err := c.subject(topic, record)
	if err != nil {
		return 0, nil //nolint:nilerr // no subject, no version
	}
	k := lookup{subject, s.Type, s.Text, referencesKey(s.References)}
	return c.versions.get(c.ctx, c.flights, k, nil, func(ctx context.Context) (int, error) {
		q := c.normalize()
		q.Set("deleted", "true")
		var a schemaAnswer
		err := c.do(ctx, "POST", "/subjects/"+url.PathEscape(subject), q, bodyOf(s.Schema), &a)
		if missing(err) {
			return 0, nil
		}
		return a.Version, err
	})
}

// mostReferences bounds what one schema may import.
const mostReferences = 1000

// Resolve fetches what a schema imports, transitively: texts by the name that importers use, and the names in order of dependency.
func (c *Client) Resolve(s Schema) (texts map[string]string, order []string, err error) {
	texts = map[string]string{}
	if err := c.resolve(s, texts, &order, nil); err != nil {
		return nil, nil, err
	}
	return texts, order, nil
}

func (c *Client) resolve(s Schema, texts map[string]string, order *[]string, path []Reference) error {
	for _, r := range s.References {
		if _, done := texts[r.Name]; done {
			continue
		}
		for _, above := range path {
			if above == r {
				return fmt.Errorf("schema registry: the references of subject %s version %d form a circle", r.Subject, r.Version)
			}
		}
		if len(*order)+len(path) >= mostReferences {
			return fmt.Errorf("schema registry: a schema has more than %d references", mostReferences)
		}
		imported, err := c.byVersion.get(c.ctx, c.flights, Reference{Subject: r.Subject, Version: r.Version}, nil, func(ctx context.Context) (Schema, error) {
			var a schemaAnswer
			err := c.do(ctx, "GET", "/subjects/"+url.PathEscape(r.Subject)+"/versions/"+strconv.Itoa(r.Version), url.Values{"deleted": {"true"}}, nil, &a)
			return a.schema(), err
		})
		if err != nil {
			return fmt.Errorf("reference %s: %w", r.Name, err)
		}
		if err := c.resolve(imported, texts, order, append(path, r)); err != nil {
			return err
		}
		texts[r.Name] = imported.Text
		*order = append(*order, r.Name)
	}
	return nil
}
