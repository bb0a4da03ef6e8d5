// The dashboard: `jsonnet tcplinger.jsonnet > tcplinger.json`, which is what Grafana imports.
local metric(name, labels='') =
  'tcplinger_%s{job=~"$job",instance=~"$instance"%s}' % [name, if labels == '' then '' else ',' + labels];
local rate(name, labels='') = 'rate(%s[$__rate_interval])' % metric(name, labels);

local source = { type: 'prometheus', uid: '${datasource}' };

local target(expr, legend, i) = {
  datasource: source,
  expr: expr,
  legendFormat: legend,
  refId: std.char(65 + i),
};

local panel(kind, title, description, targets, unit, x, y, w, h=8) = {
  type: kind,
  title: title,
  description: description,
  datasource: source,
  gridPos: { x: x, y: y, w: w, h: h },
  targets: std.mapWithIndex(function(i, pair) target(pair[0], pair[1], i), targets),
  fieldConfig: { defaults: { unit: unit, min: 0 }, overrides: [] },
};

local plot(title, description, targets, unit, x, y, w=12, stacked=false) =
  panel('timeseries', title, description, targets, unit, x, y, w) + {
    fieldConfig+: { defaults+: { custom: {
      fillOpacity: 12,
      lineWidth: 1,
      showPoints: 'never',
      stacking: { mode: if stacked then 'normal' else 'none' },
    } } },
    options: { legend: { displayMode: 'table', placement: 'right', calcs: ['lastNotNull', 'max'] }, tooltip: { mode: 'multi', sort: 'desc' } },
  };

local stat(title, description, expr, unit, x, thresholds=[]) =
  panel('stat', title, description, [[expr, '']], unit, x, 0, 6, 4) + {
    fieldConfig+: { defaults+: { thresholds: {
      mode: 'absolute',
      steps: [{ color: 'text', value: null }] + [{ color: step[1], value: step[0] } for step in thresholds],
    } } },
    options: { colorMode: 'value', graphMode: 'area', reduceOptions: { calcs: ['lastNotNull'] } },
  };

local variable(name, label, query, multi) = {
  name: name,
  label: label,
  type: 'query',
  datasource: source,
  query: query,
  definition: query,
  refresh: 2,
  sort: 1,
  multi: multi,
  includeAll: multi,
  allValue: '.*',
  current: if multi then { text: 'All', value: '$__all' } else {},
};

{
  title: 'tcplinger: connections that linger',
  uid: 'tcplinger',
  schemaVersion: 38,
  tags: ['tcp'],
  editable: true,
  graphTooltip: 1,
  refresh: '30s',
  time: { from: 'now-1h', to: 'now' },
  templating: { list: [
    { name: 'datasource', label: 'Data source', type: 'datasource', query: 'prometheus' },
    variable('job', 'Job', 'label_values(tcplinger_build_info, job)', true),
    variable('instance', 'Host', 'label_values(tcplinger_build_info{job=~"$job"}, instance)', true),
  ] },
  panels: [
    stat('CLOSE_WAIT', 'Sockets whose peer has closed and whose process has not.',
         'sum(%s) or vector(0)' % metric('close_wait_sockets'), 'short', 0),
    stat('TIME_WAIT', 'Harmless, unless a destination runs out of ports.',
         'sum(%s) or vector(0)' % metric('time_wait_sockets'), 'short', 6),
    stat('Most used destination', 'Of the ports that there are for it.',
         'max(%s / %s) or vector(0)' % [metric('ports_used'), metric('ports_supply')], 'percentunit', 12,
         [[0.8, 'orange'], [0.95, 'red']]),
    stat('Findings', 'Warnings and critical ones: `tcplinger diagnose` says what helps.',
         'sum(%s) or vector(0)' % metric('findings', 'severity!="info"'), 'short', 18, [[1, 'orange']]),

    plot('CLOSE_WAIT by process', 'And what tcplinger makes of it.',
         [['sum by (comm, verdict) (%s)' % metric('close_wait_sockets'), '{{comm}} {{verdict}}']], 'short', 0, 4),
    plot('Descriptors to their limit', 'Of processes with connections that nobody closes.',
         [['max by (instance, comm) (%s)' % metric('descriptors_used_ratio'), '{{comm}} {{instance}}']], 'percentunit', 12, 4),

    plot('TIME_WAIT by process', 'Who closed first.',
         [['sum by (comm, direction) (%s)' % metric('time_wait_sockets'), '{{comm}} {{direction}}']], 'short', 0, 12, stacked=true),
    plot('New TIME_WAITs', 'A pool of connections makes none.',
         [['sum by (comm) (%s)' % rate('time_waits_total'), '{{comm}}']], 'cps', 12, 12),

    plot('Ports used', 'Of the supply of each destination; of the ten that have used most.',
         [['topk(10, %s / %s)' % [metric('ports_used'), metric('ports_supply')], '{{destination}} {{instance}}']], 'percentunit', 0, 20),
    plot('No port to be had', 'connect() and bind() that failed.',
         [['sum by (comm, call, cause) (%s) or vector(0)' % rate('port_failures_total'), '{{comm}} {{call}} {{cause}}']], 'cps', 12, 20),

    plot('Accept queues', 'Connections that wait, to how many may; of the ten fullest.',
         [['topk(10, %s / (%s + 1))' % [metric('listener_queue'), metric('listener_queue_limit')], '{{comm}} {{address}}']], 'percentunit', 0, 28),
    plot('Connects that fail', 'And those that wait for an answer.',
         [
           ['sum by (comm, errno) (%s) or vector(0)' % rate('connect_failures_total'), '{{comm}} {{errno}}'],
           ['sum by (comm) (%s) or vector(0)' % metric('connects_pending'), '{{comm}} pending'],
         ], 'short', 12, 28),

    plot('Connections closed', 'By this side first, or by the peer.',
         [['sum by (comm, closed_first) (%s)' % rate('connections_closed_total'), '{{comm}} first: {{closed_first}}']], 'cps', 0, 36),
    plot('How long connections live', 'Half of them, and nine of ten.',
         [
           ['histogram_quantile(0.5, sum by (le, comm) (%s))' % rate('connected_seconds_bucket'), '{{comm}} p50'],
           ['histogram_quantile(0.9, sum by (le, comm) (%s))' % rate('connected_seconds_bucket'), '{{comm}} p90'],
         ], 's', 12, 36),

    plot('Sockets that do not come to their end', 'FIN_WAIT1, FIN_WAIT2, CLOSING, LAST_ACK.',
         [['sum by (comm, state) (%s) or vector(0)' % metric('closing_sockets'), '{{comm}} {{state}}']], 'short', 0, 44),
    plot('What tcplinger has lost', 'Records, and the listings that it took to heal.',
         [
           ['sum by (cause) (%s)' % rate('records_lost_total'), '{{cause}}'],
           ['sum(%s)' % rate('relists_total'), 'relists'],
         ], 'cps', 12, 44),
  ],
}
