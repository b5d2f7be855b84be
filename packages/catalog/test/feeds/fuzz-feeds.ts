import { gzipSync } from 'node:zlib'
import { FEED_FORMATS } from '@sallyport/policy'
import { parseFeed } from '../../src/index.ts'
import { unpackFeed } from '../../src/feeds/unpack-feed.ts'
import { NOW } from './feed-of.ts'
import { requireSound } from './sound-feed.ts'

/** A list in each format, with the parts that its reader tells apart. */
const LISTS: readonly string[] = [
  '# names\nevil.example\nads.example. # why\n; other\n*.wild.example\nbücher.example\n.zip\n203.0.113.7\n',
  '# hosts\n0.0.0.0 a.example b.example\n127.0.0.1\tlocalhost\n::1 c.example # c\n192.0.2.1 d.example\n',
  '! title\n[Adblock Plus 2.0]\n||a.example^\n@@||x.a.example^$important\n||b.example^$denyallow=c.b.example|d.b.example,dnstype=~A\n|e.example^$badfilter\n||f.example^$dnsrewrite=NXDOMAIN;;\n/re/\n',
  'address=/a.example/b.example/#\nserver=/c.example/#\nlocal=/d.example/\nbogus-nxdomain=192.0.2.1\naddress=/e.example/192.0.2.2\n',
  'server:\nlocal-zone: "a.example." always_nxdomain\nlocal-zone: "b.example" transparent\nlocal-data: "c.example. A 0.0.0.0"\n',
  '$TTL 60\n@ SOA a. b. 1 2 3 4 5\n$ORIGIN rpz.example.\na.example CNAME .\n*.b.example CNAME *.\nc.example CNAME rpz-passthru.\n24.0.2.0.192.rpz-ip CNAME .\n32.zz.1.db8.2001.rpz-ip CNAME .\n',
  '203.0.113.7\t10\n198.51.100.0/24 ; SBL1\n192.0.2.1:8080\n[2001:db8::1]:53\n10.0.0.1 - 10.0.0.9\n',
  'id,"host",first\n1,"a.example","x, ""y"""\n2,b.example,\n3,"http://c.example/path",z\n',
  '{"type":"bundle","id":"bundle--1","objects":[{"type":"indicator","id":"indicator--1","pattern_type":"stix","pattern":"[domain-name:value = \'a.example\' OR ipv4-addr:value IN (\'192.0.2.1\', \'192.0.2.2\')]","valid_from":"2026-01-01T00:00:00Z"}]}',
  '{"Event":{"info":"x","Attribute":[{"type":"domain","value":"a.example","to_ids":true},{"type":"ip-dst|port","value":"192.0.2.1|80","to_ids":true},{"type":"url","value":"http://b.example/","to_ids":true}]}}',
  '{"name":"x","type":"hostname","version":1,"matching_attributes":["domain"],"list":["a.example",".b.example"]}',
  '{"name":"x","type":"cidr","list":["192.0.2.0/24","2001:db8::/32"]}',
]

/** For `npm run fuzz -- feeds`: bytes give a feed or a reason under any format, or packed, and what is read is sound. */
export const fuzzFeeds = {
  corpus: (): readonly Uint8Array[] => [
    ...LISTS.map((text) => Buffer.from(text)),
    gzipSync(Buffer.from(LISTS[0]!.repeat(50))),
  ],
  parse: async (bytes: Uint8Array, random: (below: number) => number): Promise<boolean> => {
    const unpacked = await unpackFeed(bytes)
    if ('invalid' in unpacked) return false
    const format = random(3) === 0 ? undefined : FEED_FORMATS[random(FEED_FORMATS.length)]
    const column = random(4) === 0 ? { column: random(2) === 0 ? 'host' : random(3) } : {}
    const feed = parseFeed(unpacked, { ...(format === undefined ? {} : { format }), ...column }, NOW)
    requireSound(feed)
    return !('invalid' in feed)
  },
}
