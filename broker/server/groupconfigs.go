package server

import (
	"maps"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/twmb/franz-go/pkg/kmsg"

	"github.com/kurier-io/kurier/broker/group"
	"github.com/kurier-io/kurier/broker/metadata"
)

// groupConfigs are the configs of a group of the new protocol (KIP-848), with
// Kafka's defaults and bounds.
var groupConfigs = []configDef{
	{name: "consumer.heartbeat.interval.ms", def: "5000", kind: kmsg.ConfigTypeInt, min: 5000, max: 15000,
		doc: "How often members of the group send heartbeats."},
	{name: "consumer.session.timeout.ms", def: "45000", kind: kmsg.ConfigTypeInt, min: 45000, max: 60000,
		doc: "After how long without a heartbeat a member is removed from the group."},
}

func findGroupConfig(name string) (configDef, bool) {
	i := slices.IndexFunc(groupConfigs, func(d configDef) bool { return d.name == name })
	if i < 0 {
		return configDef{}, false
	}
	return groupConfigs[i], true
}

func (s *Server) groupConfigRows(name string, synonyms bool) []kmsg.DescribeConfigsResponseResourceConfig {
	overrides := s.meta.GroupConfigs()[name]
	out := []kmsg.DescribeConfigsResponseResourceConfig{}
	for _, d := range groupConfigs {
		c := kmsg.NewDescribeConfigsResponseResourceConfig()
		c.Name, c.Value, c.Source, c.ConfigType, c.IsDefault = d.name, new(d.def), kmsg.ConfigSourceDefaultConfig, d.kind, true
		c.ConfigSynonyms = []kmsg.DescribeConfigsResponseResourceConfigConfigSynonym{}
		add := func(v string, source kmsg.ConfigSource) {
			if synonyms {
				c.ConfigSynonyms = append(c.ConfigSynonyms, kmsg.DescribeConfigsResponseResourceConfigConfigSynonym{Name: d.name, Value: &v, Source: source})
			}
		}
		if v, ok := overrides[d.name]; ok {
			c.Value, c.Source, c.IsDefault = &v, kmsg.ConfigSourceGroupConfig, false
			add(v, kmsg.ConfigSourceGroupConfig)
		}
		add(d.def, kmsg.ConfigSourceDefaultConfig)
		out = append(out, c)
	}
	return out
}

func (s *Server) changeGroupConfigs(name string, validateOnly bool, change func(map[string]string) error) error {
	if name == "" {
		return refuse(errInvalidRequest, "the group has no name")
	}
	s.adminMu.Lock()
	defer s.adminMu.Unlock()
	values := maps.Clone(s.meta.GroupConfigs()[name])
	if values == nil {
		values = map[string]string{}
	}
	if err := change(values); err != nil {
		return err
	}
	for key, v := range values {
		d, ok := findGroupConfig(key)
		if !ok {
			return refuse(errInvalidConfig, "unknown group config %q", key)
		}
		if err := d.check(v); err != nil {
			return refuse(errInvalidConfig, "%v", err)
		}
	}
	if validateOnly {
		return nil
	}
	return s.meta.SetGroupConfig(metadata.GroupConfig{Group: strings.Clone(name), Values: values})
}

// GroupConfig is the configuration in force of a group, for the coordinator.
func (s *Server) GroupConfig(name string) group.GroupConfig {
	var c group.GroupConfig
	for key, v := range s.meta.GroupConfigs()[name] {
		ms, err := strconv.ParseInt(v, 10, 64)
		if err != nil { // checked before it was stored
			continue
		}
		switch d := time.Duration(ms) * time.Millisecond; key {
		case "consumer.heartbeat.interval.ms":
			c.Interval = d
		case "consumer.session.timeout.ms":
			c.Session = d
		}
	}
	return c
}

func (s *Server) listConfigResources(r *request, req *kmsg.ListConfigResourcesRequest) kmsg.Response {
	resp := kmsg.NewPtrListConfigResourcesResponse()
	resp.ConfigResources = []kmsg.ListConfigResourcesResponseConfigResource{}
	if resp.ErrorCode = s.checkCluster(r, describeClusterConfigs); resp.ErrorCode != errNone {
		return resp
	}
	wanted := func(kind kmsg.ConfigResourceType) bool {
		if r.version == 0 { // lists client metrics alone
			return kind == kmsg.ConfigResourceTypeClientMetrics
		}
		return len(req.ResourceTypes) == 0 || slices.Contains(req.ResourceTypes, int8(kind))
	}
	add := func(kind kmsg.ConfigResourceType, name string) {
		row := kmsg.NewListConfigResourcesResponseConfigResource()
		row.Name, row.Type = name, int8(kind)
		resp.ConfigResources = append(resp.ConfigResources, row)
	}
	if wanted(kmsg.ConfigResourceTypeTopic) {
		for _, t := range s.meta.Topics() {
			add(kmsg.ConfigResourceTypeTopic, t.Name)
		}
	}
	if wanted(kmsg.ConfigResourceTypeBroker) {
		add(kmsg.ConfigResourceTypeBroker, strconv.Itoa(int(s.cfg.NodeID)))
	}
	if wanted(kmsg.ConfigResourceTypeGroupConfig) {
		for _, name := range slices.Sorted(maps.Keys(s.meta.GroupConfigs())) {
			add(kmsg.ConfigResourceTypeGroupConfig, name)
		}
	}
	return resp
}
