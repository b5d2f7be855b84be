import assert from 'node:assert/strict'
import { suite, test } from 'node:test'
import { parseDomainName } from '@sallyport/net'
import { setHoldsName } from '@sallyport/policy'
import { exceptions, feedOf, holds, invalidOf, lines, patterns, prefixes } from './feed-of.ts'

suite('plain lists', () => {
  test('a name counts for itself and all below; comments, capitals, final dots and CRLF do not matter', () => {
    const feed = feedOf(
      '# list\r\nEvil.Example\r\nads.example.  # why\r\n; other\r\n*.wild.example\r\nbücher.example\r\n',
    )
    assert.equal(feed.format, 'domains')
    assert.deepEqual(patterns(feed), ['.evil.example', '.ads.example', '.wild.example', '.xn--bcher-kva.example'])
    assert.equal(feed.problems.count, 0)
    assert.ok(holds(feed, 'x.y.evil.example'))
    assert.ok(!holds(feed, 'notevil.example'))
  })

  test('what is no name is told with its line and reason', () => {
    const feed = feedOf(
      'good.example\nnot a name\n-bad-.example\nintranet\n.zip\n300.1.1.1\n\u0001x.example\nother.example\n',
    )
    assert.deepEqual(patterns(feed), ['.good.example', '.zip', '.other.example'])
    assert.deepEqual(lines(feed), [2, 3, 4, 6, 7])
    assert.equal(feed.problems.byReason['not a domain name'], 2)
  })

  test('addresses, prefixes, ranges and address:port, each with or without a count behind it', () => {
    const feed = feedOf(
      '203.0.113.7\t10\n198.51.100.0/24 ; SBL1\n192.0.2.1:8080\n192.0.2.1:443\n[2001:db8::1]:53\n2001:db8:1::/48\n10.0.0.1 - 10.0.0.2\n192.0.2.77/24\n1.2.3.4:99999\n010.1.1.1\n',
    )
    assert.equal(feed.format, 'addresses')
    assert.deepEqual(prefixes(feed), [
      '203.0.113.7',
      '198.51.100.0/24',
      '192.0.2.1',
      '2001:db8::1',
      '2001:db8:1::/48',
      '10.0.0.1',
      '10.0.0.2',
      '192.0.2.0/24',
    ])
    assert.deepEqual(lines(feed), [9, 10])
  })

  test('only the kind of entries that is wanted is used', () => {
    const text = 'evil.example\n192.0.2.1\n'
    assert.deepEqual(prefixes(feedOf(text, { kind: 'domains' })), [])
    const addresses = feedOf(text, { kind: 'addresses' })
    assert.deepEqual([patterns(addresses), prefixes(addresses), lines(addresses)], [[], ['192.0.2.1'], [1]])
  })

  test('a URL of a whole host names the host, a URL of a page does not', () => {
    const feed = feedOf('https://evil.example/\nhttp://192.0.2.1:8080\nhttps://github.com/x/y.exe\n', {
      format: 'domains',
    })
    assert.deepEqual([patterns(feed), prefixes(feed), lines(feed)], [['.evil.example'], ['192.0.2.1'], [3]])
  })
})

test('hosts: names of addresses that lead nowhere; the own names of a host are none', () => {
  const feed = feedOf(
    '127.0.0.1 localhost localhost.localdomain\n::1 ip6-localhost\n0.0.0.0 ads.example  tracker.example # two\n:: six.example\nfe80::1%lo0 localhost\n203.0.113.9 mapped.example\n0.0.0.0\n',
  )
  assert.equal(feed.format, 'hosts')
  assert.deepEqual(patterns(feed), ['.ads.example', '.tracker.example', '.six.example'])
  assert.deepEqual(lines(feed), [6, 7])
})

suite('adblock', () => {
  const blocked = (text: string, name: string): boolean => holds(feedOf(text, { format: 'adblock' }), name)

  test('anchors say which names are meant', () => {
    const feed = feedOf(
      '[Adblock Plus 2.0]\n! comment\n# comment\n||both.example^\n|exact.example^\n||*.below.example^\nplain.example\n||noend.example\n://url.example^\n0.0.0.0 hosts.example\n||192.0.2.9^\n',
    )
    assert.equal(feed.format, 'adblock')
    assert.deepEqual(patterns(feed).toSorted(), [
      '*.below.example',
      '.both.example',
      '.hosts.example',
      '.noend.example',
      '.plain.example',
      'exact.example',
      'url.example',
    ])
    assert.deepEqual(prefixes(feed), ['192.0.2.9'])
  })

  test('an exception wins over a block above and below it, an important block over the exception', () => {
    const text = '||ads.example^\n@@||good.ads.example^\n||x.good.ads.example^\n||bad.good.ads.example^$important\n'
    assert.equal(blocked(text, 'ads.example'), true)
    assert.equal(blocked(text, 'y.ads.example'), true)
    assert.equal(blocked(text, 'good.ads.example'), false)
    assert.equal(blocked(text, 'x.good.ads.example'), false)
    assert.equal(blocked(text, 'bad.good.ads.example'), true)
    assert.equal(blocked(`${text}@@||bad.good.ads.example^$important\n`, 'bad.good.ads.example'), false)
  })

  test('$badfilter takes away the rule that it repeats, and no other', () => {
    const text = '||a.example^\n||b.example^$important\n||a.example^$badfilter\n||b.example^$badfilter\n'
    assert.equal(blocked(text, 'a.example'), false)
    assert.equal(blocked(text, 'b.example'), true)
    assert.equal(blocked(`${text}||b.example^$badfilter,important\n`, 'b.example'), false)
  })

  test('$denyallow leaves names out of its own rule only', () => {
    const text = '||example.com^$denyallow=a.example.com|b.example.com\n||x.b.example.com^\n'
    assert.equal(blocked(text, 'example.com'), true)
    assert.equal(blocked(text, 'www.a.example.com'), false)
    assert.equal(blocked(text, 'b.example.com'), false)
    assert.equal(blocked(text, 'x.b.example.com'), true)
  })

  test('$dnstype: a rule for all queries of addresses is about destinations, one for some is about those queries', () => {
    const feed = feedOf(
      [
        '||always.example^',
        '||both.example^$dnstype=A|AAAA',
        '||six.example^$dnstype=AAAA',
        '||nothttps.example^$dnstype=~HTTPS',
        '||nota.example^$dnstype=~A',
        '||x.example^',
        '@@||x.example^$dnstype=A',
        '||gone.example^$dnstype=AAAA',
        '||gone.example^$badfilter,dnstype=AAAA',
        '||bad.example^$dnstype=1',
      ].join('\n'),
      { format: 'adblock' },
    )
    const names = ['always', 'both', 'six', 'nothttps', 'nota', 'x', 'gone', 'bad'].map((name) =>
      parseDomainName(`${name}.example`)!,
    )
    const refused = (type: string | null): string => {
      const set = type === null ? feed : feed.byQueryType.get(type)!
      return names
        .filter((name) => setHoldsName({ ...set, prefixes: [] }, name))
        .map((name) => name.split('.')[0])
        .join(' ')
    }
    assert.deepEqual([...feed.byQueryType.keys()].sort(), ['*', 'A', 'AAAA', 'HTTPS'])
    assert.equal(refused(null), 'always both nothttps x')
    assert.equal(refused('A'), 'always both nothttps')
    assert.equal(refused('AAAA'), 'always both six nothttps nota x')
    assert.equal(refused('HTTPS'), 'always nota x')
    assert.equal(refused('*'), 'always nothttps nota x')
    assert.deepEqual(lines(feed), [10])
    assert.equal(feedOf('||a.example^\n||b.example^\n').byQueryType.size, 0)
  })

  test('rules that need more than a name are told, each with its reason', () => {
    const feed = feedOf(
      [
        '||ok.example^$all',
        'example.com##.ad',
        '||a.example^$third-party',
        '/banner[0-9]+/',
        '||ads*.example^',
        '||example.com/ads/',
        '*',
        '||a.example^$client=1.2.3.4',
        '@@||a.example^$dnstype=?',
        '||b.example^$dnsrewrite=192.0.2.7',
        'ad',
        '||c.example^$dnsrewrite=NXDOMAIN;;',
      ].join('\n'),
      { format: 'adblock' },
    )
    assert.deepEqual(patterns(feed), ['.ok.example', '.c.example'])
    assert.deepEqual(lines(feed), [2, 3, 4, 5, 6, 7, 8, 9, 10, 11])
  })

  test('an exception for an address takes it out of a wider prefix', () => {
    const feed = feedOf('||192.0.2.0/30^\n@@||192.0.2.1^\n', { format: 'adblock' })
    assert.deepEqual(prefixes(feed).toSorted(), ['192.0.2.0', '192.0.2.2/31'])
  })
})

test('dnsmasq: the nearest line decides, and answers of its own are no refusals', () => {
  const feed = feedOf(
    'address=/ads.example/#\naddress=/a.example/b.example/\nlocal=/l.example/\nserver=/good.ads.example/#\naddress=/bad.good.ads.example/0.0.0.0\naddress=/mapped.example/192.0.2.1\naddress=/*.below.example/::\nbogus-nxdomain=198.51.100.3\nserver=/fwd.example/192.0.2.53\ncache-size=1\nnonsense\n',
  )
  assert.equal(feed.format, 'dnsmasq')
  assert.deepEqual(
    [
      'x.ads.example',
      'b.example',
      'l.example',
      'good.ads.example',
      'x.bad.good.ads.example',
      'below.example',
      'x.below.example',
    ].map((name) => holds(feed, name)),
    [true, true, true, false, true, false, true],
  )
  assert.deepEqual(
    [prefixes(feed), exceptions(feed), lines(feed)],
    [['198.51.100.3'], ['.good.ads.example'], [6, 9, 10, 11]],
  )
})

test('unbound: zones that refuse, zones that let through, records that lead nowhere', () => {
  const feed = feedOf(
    'server:\n  local-zone: "ads.example." always_null\nlocal-zone: good.ads.example transparent\nlocal-zone: "x.example" redirect\nlocal-data: "x.example A 0.0.0.0"\nlocal-data: \'exact.example 60 IN AAAA ::\'\nlocal-data: "mapped.example A 192.0.2.1"\nlocal-zone: "odd.example" whatever\ninclude: "/etc/other"\n',
  )
  assert.equal(feed.format, 'unbound')
  assert.deepEqual(
    ['a.ads.example', 'good.ads.example', 'x.example', 'exact.example', 'a.exact.example'].map((name) =>
      holds(feed, name),
    ),
    [true, false, true, true, false],
  )
  assert.deepEqual(lines(feed), [7, 8, 9])
})

test('rpz: triggers by name and address, actions, origin, continued records', () => {
  const feed = feedOf(
    [
      '$TTL 300',
      '@ IN SOA localhost. root.localhost. (',
      '   1 ; serial',
      '   3600 600 86400 300 )',
      '  IN NS localhost.',
      'bad.example CNAME .',
      '*.bad.example 60 IN CNAME .',
      '*.nodata.example CNAME *.',
      'pass.bad.example CNAME rpz-passthru.',
      'sink.example A 0.0.0.0',
      'garden.example CNAME walled.garden.',
      '24.0.2.0.192.rpz-ip CNAME .',
      '32.7.2.0.192.rpz-ip CNAME rpz-passthru.',
      '48.zz.1.db8.2001.rpz-ip CNAME .',
      'ns.evil.example.rpz-nsdname CNAME .',
      'drop.example CNAME rpz-drop.',
    ].join('\n'),
  )
  assert.equal(feed.format, 'rpz')
  assert.deepEqual(
    [
      'bad.example',
      'x.bad.example',
      'pass.bad.example',
      'nodata.example',
      'x.nodata.example',
      'sink.example',
      'x.sink.example',
      'drop.example',
    ].map((name) => holds(feed, name)),
    [true, true, false, false, true, true, false, true],
  )
  assert.ok(holds(feed, '192.0.2.6'))
  assert.ok(!holds(feed, '192.0.2.7'))
  assert.ok(holds(feed, '2001:db8:1::5'))
  assert.deepEqual(lines(feed), [11, 15])
  const named = feedOf(
    '$ORIGIN rpz.local.\n@ SOA a. b. 1 2 3 4 5\nevil.example CNAME .\nfull.example.rpz.local. CNAME .\n',
  )
  assert.deepEqual(patterns(named), ['evil.example', 'full.example'])
})

suite('csv', () => {
  const table =
    'first_seen,host,note\n2026-01-01,evil.example,"a, ""b"""\n2026-01-02,192.0.2.5,"two\nlines"\n2026-01-03,,x\n'

  test('the column with most destinations is used unless one is named', () => {
    const feed = feedOf(table)
    assert.equal(feed.format, 'csv')
    assert.deepEqual([patterns(feed), prefixes(feed), lines(feed)], [['.evil.example'], ['192.0.2.5'], [5]])
  })

  test('a column is chosen by name or number, and one that is not there is an error', () => {
    const two = '# "a","b"\n"one.example";"two.example"\n"x.example";"y.example"\n'.replaceAll(',', ';')
    assert.deepEqual(patterns(feedOf(two, { format: 'csv', column: 'B' })), ['.two.example', '.y.example'])
    assert.deepEqual(patterns(feedOf(two, { format: 'csv', column: 1 })), ['.one.example', '.x.example'])
    assert.match(invalidOf(two, { format: 'csv', column: 'c' }), /no column "c"; the columns are a, b/)
    assert.match(invalidOf(two, { format: 'csv', column: 3 }), /no column/)
  })
})

test('stix: alternatives of equality; revoked, old and joined indicators are not used', () => {
  const indicator = (n: number, pattern: string, more: object = {}): object => ({
    type: 'indicator',
    id: `indicator--${n}`,
    pattern,
    pattern_type: 'stix',
    ...more,
  })
  const bundle = {
    type: 'bundle',
    id: 'bundle--1',
    objects: [
      { type: 'identity', id: 'identity--1' },
      indicator(1, "[domain-name:value = 'evil.example']"),
      indicator(2, "[ipv4-addr:value IN ('192.0.2.1', '192.0.2.2') OR domain-name:value='o.example']"),
      indicator(3, "[ipv4-addr:value ISSUBSET '198.51.100.0/24'] OR [ipv6-addr:value = '2001:db8::1/128']"),
      indicator(4, "[domain-name:value = 'a.example' AND network-traffic:dst_port = 1]"),
      indicator(5, "[file:hashes.'SHA-256' = 'ab']"),
      indicator(6, "[domain-name:value = 'old.example']", { valid_until: '2020-01-01T00:00:00Z' }),
      indicator(7, "[domain-name:value = 'revoked.example']", { revoked: true }),
      indicator(8, 'rule x {}', { pattern_type: 'yara' }),
      indicator(9, "[domain-name:value != 'n.example']"),
      indicator(10, "[domain-name:value = 'it\\'s.example'"),
    ],
  }
  const feed = feedOf(JSON.stringify(bundle, null, 1))
  assert.equal(feed.format, 'stix')
  assert.deepEqual(patterns(feed), ['.evil.example', '.o.example'])
  assert.deepEqual(prefixes(feed), ['192.0.2.1', '192.0.2.2', '198.51.100.0/24', '2001:db8::1'])
  assert.equal(feed.problems.count, 7)
  const text = JSON.stringify(bundle, null, 1).split('\n')
  assert.ok(text[feed.problems.shown[0]!.line - 1]!.includes('indicator--4'))
  const observables = feedOf(JSON.stringify([{ type: 'domain-name', id: 'domain-name--1', value: 'seen.example' }]))
  assert.deepEqual(patterns(observables), ['.seen.example'])
})

test('misp: attributes for detection, in events and their objects', () => {
  const event = {
    Event: {
      info: 'x',
      Attribute: [
        { type: 'domain', value: 'evil.example', to_ids: true },
        { type: 'hostname', value: 'seen.example', to_ids: false },
        { type: 'sha256', value: 'ab', to_ids: true },
        { type: 'ip-dst|port', value: '192.0.2.4|443', to_ids: true },
        { type: 'domain', value: 'gone.example', to_ids: true, deleted: true },
      ],
      Object: [{ name: 'x', Attribute: [{ type: 'domain|ip', value: 'o.example|192.0.2.5', to_ids: true }] }],
    },
  }
  const feed = feedOf(JSON.stringify(event))
  assert.equal(feed.format, 'misp')
  assert.deepEqual(
    [patterns(feed), prefixes(feed)],
    [
      ['.evil.example', '.o.example'],
      ['192.0.2.4', '192.0.2.5'],
    ],
  )
  assert.equal(feed.problems.count, 2)
  assert.deepEqual(patterns(feedOf(JSON.stringify({ response: [event] }))), ['.evil.example', '.o.example'])
  assert.match(invalidOf(JSON.stringify({ '5-a': { Orgc: {}, info: '' } })), /index of a MISP feed/)
})

test('misp warning lists: the type says what an entry covers', () => {
  const list = (type: string): readonly string[] =>
    patterns(feedOf(JSON.stringify({ name: 'n', type, version: 1, list: ['.a.example', 'b.example'] })))
  assert.deepEqual(list('hostname'), ['.a.example', '.b.example'])
  assert.deepEqual(list('string'), ['a.example', 'b.example'])
  assert.deepEqual(list('regex'), [])
  assert.deepEqual(prefixes(feedOf('{"type":"cidr","list":["192.0.2.0/24","2001:db8::/32"]}')), [
    '192.0.2.0/24',
    '2001:db8::/32',
  ])
})
