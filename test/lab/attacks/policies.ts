export type PolicyName = 'web' | 'tls' | 'tenant' | 'except' | 'allowed' | 'app' | 'limited' | 'watched' | 'alone'

/** The rules that attacks are tried under, as YAML; `$DIR` is the folder of the lab. Each lets something through that shows it is in force. */
export type AttackPolicy = {
  readonly says: string
  readonly rules: readonly string[]
  readonly lets: string
  /** Why that does not pass at a gateway. */
  readonly notAtGateway?: string
}

const CURL = 'curl -skS -m 5'

const fetches = (url: string): string => `${CURL} ${url}`

/** In the order in which they are tried; what does away with the guard is alone, and last. */
export const POLICIES: Readonly<Record<PolicyName, AttackPolicy>> = {
  web: {
    says: 'web pages of `allowed.test` and `rebind.example.org`',
    rules: ['id: web, action: allow, to: [allowed.test, rebind.example.org], ports: [80, 443]'],
    lets: fetches('http://allowed.test/'),
  },
  tls: {
    says: 'TLS to port 443 of a range',
    rules: ['id: tls, action: allow, to: [198.51.100.0/24], ports: [443], protocol: [tls]'],
    lets: fetches('https://198.51.100.10/'),
  },
  tenant: {
    says: '`shared-a.test`, on an address that it shares with others',
    rules: ['id: a, action: allow, to: [shared-a.test], ports: [80, 443]'],
    lets: fetches('https://shared-a.test/'),
  },
  except: {
    says: 'all but `denied.test`, `bücher.test` and 198.51.100.20',
    rules: [
      'id: no, action: deny, to: [denied.test, bücher.test, 198.51.100.20]',
      "id: rest, action: allow, to: [0.0.0.0/0, '::/0']",
    ],
    lets: fetches('http://allowed.test/'),
  },
  allowed: {
    says: 'everything',
    rules: ["id: all, action: allow, to: [0.0.0.0/0, '::/0']"],
    lets: fetches('http://198.51.100.10/'),
  },
  app: {
    says: 'two programs, by their paths',
    rules: ['id: app, action: allow, from: [{ app: [$DIR/fetch, $DIR/tool] }], to: [198.51.100.20]'],
    lets: './fetch -sS -m 5 http://198.51.100.20/',
    notAtGateway: 'a gateway does not see programs, so such a rule allows nothing there',
  },
  limited: {
    says: 'a megabyte to each of two servers',
    rules: [
      'id: one, action: allow, to: [198.51.100.20], limit: { bytesOut: 1MB/h }',
      'id: other, action: allow, to: [198.51.100.10], limit: { bytesOut: 1MB/h }',
    ],
    lets: fetches('http://198.51.100.20/'),
  },
  watched: {
    says: 'everything but BitTorrent, so that handshakes are looked at',
    rules: [
      'id: no-torrents, action: deny, protocol: [bittorrent]',
      "id: rest, action: allow, to: [0.0.0.0/0, '::/0']",
    ],
    lets: fetches('http://198.51.100.10/'),
  },
  alone: {
    says: 'web pages of `allowed.test`',
    rules: ['id: web, action: allow, to: [allowed.test], ports: [80, 443]'],
    lets: fetches('http://allowed.test/'),
  },
}
