package server

import (
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"

	"github.com/twmb/franz-go/pkg/kmsg"

	"github.com/kurier-io/kurier/broker/metadata"
)

func (s *Server) describeConfigs(r *request, req *kmsg.DescribeConfigsRequest) kmsg.Response {
	resp := kmsg.NewPtrDescribeConfigsResponse()
	for _, want := range req.Resources {
		row := kmsg.NewDescribeConfigsResponseResource()
		row.ResourceType, row.ResourceName = want.ResourceType, want.ResourceName
		row.Configs = []kmsg.DescribeConfigsResponseResourceConfig{}
		code := s.mayConfigure(r, want.ResourceType, want.ResourceName, false)
		switch {
		case code != errNone:
			row.ErrorCode, row.ErrorMessage = code, new("not allowed to describe these configs")
		case want.ResourceType == kmsg.ConfigResourceTypeTopic:
			t := s.meta.Topic(want.ResourceName)
			if t == nil {
				row.ErrorCode, row.ErrorMessage = errUnknownTopic, new("unknown topic")
				break
			}
			row.Configs = s.topicConfigRows(t, req)
		case want.ResourceType == kmsg.ConfigResourceTypeBroker:
			if want.ResourceName != "" && want.ResourceName != strconv.Itoa(int(s.cfg.NodeID)) {
				row.ErrorCode, row.ErrorMessage = errInvalidRequest, new(fmt.Sprintf("this is broker %d", s.cfg.NodeID))
				break
			}
			if want.ResourceName != "" { // the cluster-wide defaults are empty
				row.Configs = s.brokerConfigRows(req.IncludeSynonyms)
			}
		case want.ResourceType == kmsg.ConfigResourceTypeGroupConfig:
			row.Configs = s.groupConfigRows(want.ResourceName, req.IncludeSynonyms)
		case want.ResourceType == kmsg.ConfigResourceTypeClientMetrics:
			// There are no subscriptions, so each is empty.
		default:
			row.ErrorCode, row.ErrorMessage = errInvalidRequest, new("only topics, brokers and groups have configs")
		}
		if want.ConfigNames != nil {
			row.Configs = slices.DeleteFunc(row.Configs, func(c kmsg.DescribeConfigsResponseResourceConfig) bool {
				return !slices.Contains(want.ConfigNames, c.Name)
			})
		}
		resp.Resources = append(resp.Resources, row)
	}
	return resp
}

func (s *Server) topicConfigRows(t *metadata.Topic, req *kmsg.DescribeConfigsRequest) []kmsg.DescribeConfigsResponseResourceConfig {
	var out []kmsg.DescribeConfigsResponseResourceConfig
	for _, d := range topicConfigs {
		v, source, inherited := s.effective(d, t.Configs)
		c := kmsg.NewDescribeConfigsResponseResourceConfig()
		c.Name, c.Value, c.Source, c.ConfigType = d.name, &v, source, d.kind
		c.IsDefault = source == kmsg.ConfigSourceDefaultConfig
		c.ConfigSynonyms = []kmsg.DescribeConfigsResponseResourceConfigConfigSynonym{}
		if req.IncludeSynonyms {
			add := func(name, v string, source kmsg.ConfigSource) {
				syn := kmsg.NewDescribeConfigsResponseResourceConfigConfigSynonym()
				syn.Name, syn.Value, syn.Source = name, &v, source
				c.ConfigSynonyms = append(c.ConfigSynonyms, syn)
			}
			if source == kmsg.ConfigSourceDynamicTopicConfig {
				add(d.name, v, source)
			}
			if _, ok := s.cfg.TopicDefaults[d.name]; ok {
				add(d.brokerNames()[0], inherited, kmsg.ConfigSourceStaticBrokerConfig)
			}
			add(d.brokerNames()[0], d.def, kmsg.ConfigSourceDefaultConfig)
		}
		if req.IncludeDocumentation {
			c.Documentation = &d.doc
		}
		out = append(out, c)
	}
	return out
}

func (s *Server) brokerConfigRows(synonyms bool) []kmsg.DescribeConfigsResponseResourceConfig {
	id := strconv.Itoa(int(s.cfg.NodeID))
	rows := map[string]string{
		"broker.id": id, "node.id": id, "log.dirs": s.cfg.LogDir, "log.dir": s.cfg.LogDir,
		"num.partitions":                       strconv.Itoa(int(s.cfg.NumPartitions)),
		"default.replication.factor":           "1",
		"auto.create.topics.enable":            strconv.FormatBool(s.cfg.AutoCreateTopics),
		"delete.topic.enable":                  "true",
		"socket.request.max.bytes":             strconv.Itoa(s.cfg.MaxRequestBytes),
		"queued.max.request.bytes":             strconv.FormatInt(s.cfg.MaxInflightBytes, 10),
		"fetch.max.bytes":                      strconv.Itoa(maxFetchBytes),
		"offsets.topic.num.partitions":         "1",
		"offsets.topic.replication.factor":     "1",
		"offset.metadata.max.bytes":            "4096",
		"advertised.listeners":                 s.cfg.AdvertisedListeners,
		"sasl.enabled.mechanisms":              strings.Join(s.cfg.Mechanisms, ","),
		"transaction.max.timeout.ms":           "900000",
		"transaction.state.log.num.partitions": "1",
		"transactional.id.expiration.ms":       "604800000",
		"group.consumer.session.timeout.ms":    "45000",
		"group.consumer.heartbeat.interval.ms": "5000",
		"max.connections":                      strconv.Itoa(s.cfg.MaxConnections),
		"max.connections.per.ip":               strconv.Itoa(s.cfg.MaxConnectionsPerIP),
		"connections.max.idle.ms":              strconv.FormatInt(s.cfg.IdleTimeout.Milliseconds(), 10),
		"kurier.durability":                    s.cfg.Durability,
	}
	for _, d := range topicConfigs {
		v, _, _ := s.effective(d, nil)
		rows[d.brokerNames()[0]] = v
	}
	var out []kmsg.DescribeConfigsResponseResourceConfig
	for _, name := range slices.Sorted(maps.Keys(rows)) {
		c := kmsg.NewDescribeConfigsResponseResourceConfig()
		c.Name, c.Value, c.ReadOnly, c.Source, c.ConfigType = name, new(rows[name]), true, kmsg.ConfigSourceStaticBrokerConfig, kmsg.ConfigTypeString
		c.ConfigSynonyms = []kmsg.DescribeConfigsResponseResourceConfigConfigSynonym{}
		if synonyms {
			c.ConfigSynonyms = append(c.ConfigSynonyms, kmsg.DescribeConfigsResponseResourceConfigConfigSynonym{Name: name, Value: c.Value, Source: c.Source})
		}
		out = append(out, c)
	}
	return out
}

// changeConfigs replaces the overrides of a topic or group by what change makes of them.
func (s *Server) changeConfigs(kind kmsg.ConfigResourceType, name string, validateOnly bool, change func(map[string]string) error) error {
	switch kind {
	case kmsg.ConfigResourceTypeTopic:
	case kmsg.ConfigResourceTypeGroupConfig:
		return s.changeGroupConfigs(name, validateOnly, change)
	case kmsg.ConfigResourceTypeBroker:
		// None can be set, so that deleting one leaves things as they are: tools
		// do that to be sure that no replication throttle is left.
		left := map[string]string{}
		if err := change(left); err != nil || len(left) == 0 {
			return err
		}
		return refuse(errInvalidRequest, "a broker's configs cannot be changed while it runs; set them in its properties file")
	default:
		return refuse(errInvalidRequest, "only topics, groups and brokers have configs")
	}
	s.topicMu.Lock()
	defer s.topicMu.Unlock()
	t := s.meta.Topic(name)
	if t == nil {
		return refuse(errUnknownTopic, "topic %q does not exist", name)
	}
	configs := maps.Clone(t.Configs)
	if configs == nil {
		configs = map[string]string{}
	}
	if err := change(configs); err != nil {
		return err
	}
	cfg, err := s.logConfig(configs)
	if err != nil || validateOnly {
		return err
	}
	if t, err = s.meta.Update(t.ID, func(t *metadata.Topic) error {
		t.Configs = configs
		return nil
	}); err != nil {
		return err
	}
	for i := range t.Partitions {
		if log := s.log(t, i); log != nil {
			log.SetConfig(cfg)
		}
	}
	return nil
}

// mayConfigure asks for the right to see or change the configs of a resource.
func (s *Server) mayConfigure(r *request, kind kmsg.ConfigResourceType, name string, alter bool) int16 {
	pick := func(describe, change need) need {
		if alter {
			return change
		}
		return describe
	}
	switch kind {
	case kmsg.ConfigResourceTypeTopic:
		return s.check(r, pick(describeTopicConfigs, alterTopicConfigs), name)
	case kmsg.ConfigResourceTypeGroupConfig:
		return s.check(r, pick(describeGroupConfigs, alterGroupConfigs), name)
	}
	return s.checkCluster(r, pick(describeClusterConfigs, alterClusterConfigs))
}

func (s *Server) alterResource(r *request, kind kmsg.ConfigResourceType, name string, validateOnly bool, change func(map[string]string) error) error {
	if code := s.mayConfigure(r, kind, name, true); code != errNone {
		return refuse(code, "not allowed to alter these configs")
	}
	return s.changeConfigs(kind, name, validateOnly, change)
}

func (s *Server) alterConfigs(r *request, req *kmsg.AlterConfigsRequest) kmsg.Response {
	resp := kmsg.NewPtrAlterConfigsResponse()
	for _, res := range req.Resources {
		row := kmsg.NewAlterConfigsResponseResource()
		row.ResourceType, row.ResourceName = res.ResourceType, res.ResourceName
		row.ErrorCode, row.ErrorMessage = refusalOf(s.alterResource(r, res.ResourceType, res.ResourceName, req.ValidateOnly, func(m map[string]string) error {
			clear(m)
			for _, c := range res.Configs {
				if _, dup := m[c.Name]; dup {
					return refuse(errInvalidRequest, "config %s is in the request more than once", c.Name)
				}
				if c.Value != nil {
					m[c.Name] = *c.Value
				}
			}
			return nil
		}))
		resp.Resources = append(resp.Resources, row)
	}
	return resp
}

func (s *Server) incrementalAlterConfigs(r *request, req *kmsg.IncrementalAlterConfigsRequest) kmsg.Response {
	resp := kmsg.NewPtrIncrementalAlterConfigsResponse()
	for _, res := range req.Resources {
		row := kmsg.NewIncrementalAlterConfigsResponseResource()
		row.ResourceType, row.ResourceName = res.ResourceType, res.ResourceName
		row.ErrorCode, row.ErrorMessage = refusalOf(s.alterResource(r, res.ResourceType, res.ResourceName, req.ValidateOnly, func(m map[string]string) error {
			seen := map[string]bool{}
			for _, c := range res.Configs {
				if seen[c.Name] {
					return refuse(errInvalidRequest, "config %s is in the request more than once", c.Name)
				}
				seen[c.Name] = true
				if err := s.alterOne(res.ResourceType, m, c); err != nil {
					return err
				}
			}
			return nil
		}))
		resp.Resources = append(resp.Resources, row)
	}
	return resp
}

func (s *Server) alterOne(kind kmsg.ConfigResourceType, m map[string]string, c kmsg.IncrementalAlterConfigsRequestResourceConfig) error {
	if kind == kmsg.ConfigResourceTypeBroker {
		if c.Op != kmsg.IncrementalAlterConfigOpDelete {
			m[c.Name] = "" // to be refused
		}
		return nil
	}
	d, ok := findConfig(c.Name)
	if kind == kmsg.ConfigResourceTypeGroupConfig {
		d, ok = findGroupConfig(c.Name)
	}
	if !ok {
		return refuse(errInvalidConfig, "unknown config %q", c.Name)
	}
	if c.Op == kmsg.IncrementalAlterConfigOpDelete {
		delete(m, c.Name)
		return nil
	}
	if c.Value == nil {
		return refuse(errInvalidRequest, "config %s has no value", c.Name)
	}
	if c.Op == kmsg.IncrementalAlterConfigOpSet {
		m[c.Name] = *c.Value
		return nil
	}
	if d.kind != kmsg.ConfigTypeList {
		return refuse(errInvalidConfig, "config %s is not a list", c.Name)
	}
	v, _, _ := s.effective(d, m)
	items, change := splitList(v), splitList(*c.Value)
	switch c.Op {
	case kmsg.IncrementalAlterConfigOpAppend:
		for _, x := range change {
			if !slices.Contains(items, x) {
				items = append(items, x)
			}
		}
	case kmsg.IncrementalAlterConfigOpSubtract:
		items = slices.DeleteFunc(items, func(x string) bool { return slices.Contains(change, x) })
	default:
		return refuse(errInvalidRequest, "unknown operation %d on config %s", c.Op, c.Name)
	}
	m[c.Name] = strings.Join(items, ",")
	return nil
}
