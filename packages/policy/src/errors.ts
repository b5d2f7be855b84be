type Entry = { readonly exitCode: 2 | 3; readonly meaning: string; readonly remedy: string }

export type ErrorCode =
  | 'usage'
  | 'file-not-found'
  | 'file-not-readable'
  | 'file-is-directory'
  | 'file-too-large'
  | 'file-not-text'
  | 'file-not-writable'
  | 'file-exists'
  | 'policy-invalid'
  | 'flow-invalid'
  | 'target-invalid'
  | 'time-invalid'
  | 'feed-invalid'
  | 'geo-invalid'
  | 'capture-invalid'
  | 'name-unknown'
  | 'policy-too-complex'
  | 'no-privileges'
  | 'kernel-unsupported'
  | 'tool-missing'
  | 'cgroup-unavailable'
  | 'namespace-unavailable'
  | 'tun-unavailable'
  | 'enforcement-failed'
  | 'resolver-unavailable'
  | 'proxy-unavailable'
  | 'users-invalid'
  | 'keytab-invalid'
  | 'kerberos-unavailable'
  | 'detectors-invalid'
  | 'authority-invalid'
  | 'filter-invalid'
  | 'store-unavailable'
  | 'store-away'
  | 'certificate-invalid'
  | 'state-unavailable'
  | 'state-occupied'
  | 'host-not-running'
  | 'console-unavailable'
  | 'anchor-invalid'
  | 'clients-invalid'
  | 'interface-unknown'
  | 'internal'

/**
 * Every error that the world can cause. Exit code 2: bad input or usage; 3: this machine cannot do it.
 * docs/reference/error-codes.md lists the same codes; a test compares both.
 */
export const ERRORS: Readonly<Record<ErrorCode, Entry>> = {
  usage: { exitCode: 2, meaning: 'The command line cannot be understood.', remedy: 'See `sallyport --help`.' },
  'file-not-found': { exitCode: 2, meaning: 'A file that was named does not exist.', remedy: 'Check the path.' },
  'file-not-readable': { exitCode: 2, meaning: 'A file cannot be read.', remedy: 'Check its permissions.' },
  'file-is-directory': {
    exitCode: 2,
    meaning: 'A file was expected, a directory was named.',
    remedy: 'Name the file inside it.',
  },
  'file-too-large': {
    exitCode: 2,
    meaning: 'A file is larger than its kind may be.',
    remedy: 'Put long lists into a feed and name it with --feed.',
  },
  'file-not-text': { exitCode: 2, meaning: 'A file is not UTF-8 text.', remedy: 'Name a YAML or JSON text file.' },
  'file-not-writable': {
    exitCode: 2,
    meaning: 'An output file cannot be written.',
    remedy: 'Check its directory and permissions.',
  },
  'file-exists': {
    exitCode: 2,
    meaning: 'A file that would be written is there already.',
    remedy: 'Name another, or write over it with --force.',
  },
  'policy-invalid': {
    exitCode: 2,
    meaning: 'A policy has errors; nothing of it is applied.',
    remedy: 'Correct the places listed; `sallyport check` shows them again.',
  },
  'flow-invalid': {
    exitCode: 2,
    meaning: 'A flow is not JSON or has wrong facts.',
    remedy: 'See docs/reference/flow-facts.md for the facts.',
  },
  'target-invalid': {
    exitCode: 2,
    meaning: 'A destination cannot be understood.',
    remedy: 'Give a domain, an address, a prefix, a URL, host:port or service:NAME.',
  },
  'time-invalid': { exitCode: 2, meaning: 'A time cannot be understood.', remedy: 'Write it as 2027-03-31T12:00:00Z.' },
  'feed-invalid': {
    exitCode: 2,
    meaning: 'A feed cannot be read.',
    remedy: 'Give --feed NAME=FILE, a file of names or prefixes, one a line.',
  },
  'geo-invalid': {
    exitCode: 2,
    meaning: 'A file is neither a MaxMind DB of countries or networks nor ranges of countries.',
    remedy: 'Give a file as MaxMind, DB-IP or IPinfo publish it, unpacked, or the geoip and geoip6 of Tor.',
  },
  'capture-invalid': {
    exitCode: 2,
    meaning: 'A file is no capture of packets, or ends inside one.',
    remedy: 'Give a whole pcap or pcapng file, as it is or packed by gzip or zstd.',
  },
  'name-unknown': {
    exitCode: 2,
    meaning: 'A user, group, service, feed or category is not known here.',
    remedy: 'Check the spelling.',
  },
  'policy-too-complex': {
    exitCode: 2,
    meaning:
      'The policy compiles to more than the enforcement can hold, or a question about it to more cases than may be looked at.',
    remedy: 'Split the policy, or move lists into feeds.',
  },
  'no-privileges': {
    exitCode: 3,
    meaning: 'The action needs privileges that this process lacks.',
    remedy: 'Run it as root.',
  },
  'kernel-unsupported': {
    exitCode: 3,
    meaning: 'The kernel lacks something that enforcement needs.',
    remedy: '`sallyport doctor` says what is missing and how to get it.',
  },
  'tool-missing': {
    exitCode: 3,
    meaning: 'A program or library that is needed is not installed.',
    remedy: '`sallyport doctor` names the package.',
  },
  'cgroup-unavailable': {
    exitCode: 3,
    meaning: 'No cgroup v2 hierarchy can be used.',
    remedy: 'Mount cgroup2, or run as root.',
  },
  'namespace-unavailable': {
    exitCode: 3,
    meaning: 'User or network namespaces cannot be created.',
    remedy: 'Allow them (sysctl kernel.unprivileged_userns_clone=1), or run as root.',
  },
  'tun-unavailable': {
    exitCode: 3,
    meaning: '/dev/net/tun is closed to ordinary users.',
    remedy: 'As root: chmod 0666 /dev/net/tun, or install udev, whose rule opens it.',
  },
  'enforcement-failed': {
    exitCode: 3,
    meaning: 'The kernel refused the enforcement; nothing was started.',
    remedy: '`sallyport doctor` says what is missing and how to get it.',
  },
  'resolver-unavailable': {
    exitCode: 3,
    meaning: 'The resolver cannot listen, or has no server to ask.',
    remedy: 'Check /etc/resolv.conf, or give --upstream.',
  },
  'authority-invalid': {
    exitCode: 2,
    meaning: 'The authority for TLS inspection cannot be used.',
    remedy: 'Give a file of a CA certificate and its key (ECDSA, P-256) in PEM, or a path where there is none yet.',
  },
  'detectors-invalid': {
    exitCode: 2,
    meaning: 'A file of detectors or of their values cannot be used.',
    remedy: 'See docs/reference/dlp.md.',
  },
  'keytab-invalid': {
    exitCode: 2,
    meaning: 'A file of keys of Kerberos cannot be used.',
    remedy: 'Export the key of the principal HTTP/HOST@REALM, HOST being the name of the proxy that clients are given.',
  },
  'kerberos-unavailable': {
    exitCode: 3,
    meaning: 'The library of this machine for Kerberos is missing.',
    remedy: 'Install it: apt install libgssapi-krb5-2.',
  },
  'users-invalid': {
    exitCode: 2,
    meaning: 'A file of users or of keys cannot be read.',
    remedy: 'Write users with `htpasswd -B`, keys as a JSON Web Key Set.',
  },
  'proxy-unavailable': {
    exitCode: 3,
    meaning: 'The proxy cannot listen.',
    remedy: 'Choose another address or port with --listen.',
  },
  'filter-invalid': {
    exitCode: 2,
    meaning: 'A filter of flows cannot be understood.',
    remedy: 'Write KEY:VALUE, as in domain:*.github.com verdict:deny since:1h.',
  },
  'store-unavailable': {
    exitCode: 3,
    meaning: 'The flow store cannot be opened.',
    remedy: 'Check that no other process has it open, and that its directory can be written.',
  },
  'store-away': {
    exitCode: 3,
    meaning: 'The ClickHouse server of the flow store does not answer, or refuses the user.',
    remedy: 'Check the address, the certificate and that the server runs; flows wait in the spool meanwhile.',
  },
  'certificate-invalid': {
    exitCode: 2,
    meaning: 'A certificate and its key cannot be used.',
    remedy: 'Give a chain in PEM, and the private key of its first certificate.',
  },
  'state-unavailable': {
    exitCode: 3,
    meaning: 'The state store cannot be opened, or does not answer.',
    remedy:
      'Check that its directory can be written, and that the file is a state store of this version or an earlier one.',
  },
  'state-occupied': {
    exitCode: 2,
    meaning: 'State is not carried over to where there is one already.',
    remedy: 'Name another schema, or drop the one that is there.',
  },
  'host-not-running': {
    exitCode: 3,
    meaning: 'No `sallyport up` guards this host.',
    remedy: 'Start it: `sallyport up`, or `systemctl start sallyport`.',
  },
  'console-unavailable': {
    exitCode: 3,
    meaning: 'The console cannot listen.',
    remedy: '`ss -lntp` shows who listens; choose another address or port with --listen.',
  },
  'anchor-invalid': {
    exitCode: 2,
    meaning: 'A file of trust anchors cannot be read.',
    remedy: 'Write DS or DNSKEY records as in a zone file, one on a line.',
  },
  'clients-invalid': {
    exitCode: 2,
    meaning: 'A file of the clients of a gateway cannot be read.',
    remedy: 'See docs/reference/commands/gateway.md for its form.',
  },
  'interface-unknown': {
    exitCode: 2,
    meaning: 'A network interface that was named does not exist.',
    remedy: '`ip link` lists the interfaces of this machine.',
  },
  internal: { exitCode: 3, meaning: 'A defect of Sallyport.', remedy: 'Report it with the text shown.' },
}

/** An error that a person can do something about. `message` says what happened, `remedy` what to do. */
export class SallyportError extends Error {
  override readonly name = 'SallyportError'
  readonly code: ErrorCode
  readonly exitCode: 2 | 3
  readonly remedy: string

  constructor(code: ErrorCode, message: string, options: { readonly remedy?: string; readonly cause?: unknown } = {}) {
    super(message, options.cause === undefined ? {} : { cause: options.cause })
    this.code = code
    this.exitCode = ERRORS[code].exitCode
    this.remedy = options.remedy ?? ERRORS[code].remedy
  }
}
