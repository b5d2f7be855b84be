import { join } from 'node:path'
import { Command, Option } from 'commander'
import {
  isWorker,
  onSharedSockets,
  sayDone,
  sayReady,
  serveResolver,
  standBy,
  tunnelNote,
  upstreamNote,
  type Certificate,
  type ListenEndpoint,
  type QueryRecord,
} from '@sallyport/dns'
import { SallyportError } from '@sallyport/policy'
import { feedOption, examples, jsonOption, repeatable } from '../input/options.ts'
import { readCertificate } from '../input/certificate.ts'
import { DnsPolicy } from '../input/dns-policy.ts'
import { DnsService, type ServiceOptions } from '../input/dns-service.ts'
import { FeedRefresh } from '../input/feed-refresh.ts'
import { stateDirectory } from '../input/state-directory.ts'
import { parseEndpoint, parseListen } from '../input/resolver-addresses.ts'
import { FeedCounters, formatFeedMetrics } from '../output/feed-metrics.ts'
import { recordFlows } from '../output/flow-recording.ts'
import { openLineLog } from '../output/line-log.ts'
import { announceListening } from '../output/listening-at.ts'
import { note } from '../output/print.ts'
import { inTurn } from '../in-turn.ts'
import { resolverCannotListen, superviseDns } from '../supervise-dns.ts'
import { untilStopped } from '../stop-signal.ts'
import type { Answer } from './answer.ts'

type Options = ServiceOptions & {
  readonly listen: readonly string[]
  readonly policy: readonly string[]
  readonly cert?: string
  readonly key?: string
  readonly feed: readonly string[]
  readonly standby?: boolean
  readonly metrics?: string
  readonly log?: string
  readonly record: string | false
  readonly json?: boolean
}

export function dnsCommand(answer: Answer): Command {
  return new Command('dns')
    .description('answer DNS queries; names that the policy could never allow are refused')
    .addOption(repeatable('--listen <address>', 'where to listen: ADDRESS[:PORT], tls://ADDRESS, https://ADDRESS/PATH'))
    .option('--cert <file>', 'certificate chain for tls:// and https://, in PEM')
    .option('--key <file>', 'its private key, in PEM')
    .addOption(repeatable('--policy <file>', 'a policy file; several are layers'))
    .addOption(
      repeatable('--upstream <server>', 'a server to ask, or DOMAIN=SERVER; those of /etc/resolv.conf unless given'),
    )
    .addOption(new Option('--strategy <how>', 'ask the servers in this way').choices(['order', 'parallel']))
    .addOption(repeatable('--bootstrap <address>', 'a server that knows the addresses of upstreams given by name'))
    .addOption(repeatable('--client <prefix>', 'who may ask, or any; private addresses and own networks unless given'))
    .option('--validate', 'check signatures (DNSSEC), and refuse what is bogus')
    .option('--trust-anchor <file>', 'DS or DNSKEY records to check from, in place of those of the root')
    .option('--client-rate <number>', 'queries a second that one client may ask')
    .option('--upstream-ca <file>', 'authorities to trust for upstreams, in place of those of the system')
    .addOption(feedOption())
    .option('--standby', 'keep a second process ready, which answers when the first ends')
    .option('--metrics <address:port>', 'serve Prometheus metrics there, at /metrics')
    .addOption(
      new Option('--record [dir]', 'spool refused look-ups for `sallyport flows`, in the state directory unless given')
        .preset(join(stateDirectory(), 'spool'))
        .default(false),
    )
    .option('--log <file>', 'write every query as a line of JSON; - is the standard output')
    .addOption(jsonOption())
    .addHelpText(
      'after',
      examples(
        'sallyport dns --listen 127.0.0.1:5353 --upstream 192.0.2.53 --feed ads=/etc/sallyport/ads.txt',
        'sallyport dns --listen 127.0.0.1 --upstream tls://192.0.2.53#dns.example --upstream corp.example=10.0.0.53',
        'sallyport dns --listen tls://192.0.2.1 --listen https://192.0.2.1 --cert chain.pem --key key.pem',
        'sallyport dns --listen 127.0.0.1 --validate --upstream 192.0.2.53',
        'sallyport dns --listen 192.0.2.1 --policy office.yaml --metrics 127.0.0.1:9153 --log queries.jsonl',
      ),
    )
    .action(async (options: Options) =>
      answer(await (options.standby === true && !isWorker() ? superviseDns(options.listen) : dns(options))),
    )
}

/** Runs until SIGTERM or SIGINT; SIGHUP reads everything again but where to listen. */
async function dns(options: Options): Promise<number> {
  if (options.listen.length === 0) {
    throw new SallyportError('usage', 'nothing says where to listen', {
      remedy: 'Give --listen ADDRESS[:PORT], for example --listen 127.0.0.1:5353.',
    })
  }
  const listen = options.listen.map(parseListen)
  const certificate = await certificateOf(options, listen)
  await using policy = await DnsPolicy.read(options.policy, options.feed)
  const service = new DnsService(options)
  const first = await service.read(policy.settings, true)
  await using log = openLineLog(options.log)
  using recording = recordFlows(options.record)
  const feedCounters = new FeedCounters()
  const { place, sockets } = isWorker() ? await standBy() : { place: null, sockets: [] }
  await policy.begin()
  await using resolver = await serveResolver({
    listen: onSharedSockets(place?.endpoints ?? listen, sockets),
    ...first,
    onUpstream: (state) => note(`sallyport: ${upstreamNote(state)}`),
    onTunnel: (sign) => note(`sallyport: ${tunnelNote(sign)}`),
    ...(certificate === null ? {} : { certificate }),
    ...policy.judgement(),
    metrics: place?.metrics ?? (options.metrics === undefined ? null : parseEndpoint('--metrics', options.metrics)),
    moreMetrics: () => formatFeedMetrics(feedCounters),
    log: log?.write ?? null,
    // Left out where nobody wants it: refusals that are heard of are off the hot path.
    ...(options.record === false
      ? {}
      : {
          onNotable: (record: QueryRecord) => {
            const flow = policy.recorded(record)
            if (flow !== null) recording.append(flow)
          },
        }),
  }).catch((error: unknown) => {
    throw resolverCannotListen(error)
  })
  const readAgain = inTurn(async (afresh: boolean): Promise<void> => {
    await policy.reload(async (settings) => {
      const next = await service.read(settings, afresh)
      return () => resolver.change(next)
    })
    note('sallyport: policy and feeds are read again')
  })
  const reload = (): void => {
    void readAgain(true).catch((error: Error) => note(`sallyport: kept the policy in force: ${error.message}`))
    void certificateOf(options, listen).then(
      (renewed) => renewed !== null && resolver.renew(renewed),
      (error: Error) => note(`sallyport: kept the certificate in use: ${error.message}`),
    )
  }
  process.on('SIGHUP', reload)
  using _refresh = new FeedRefresh({
    policy: () => policy.policy,
    feeds: options.feed,
    changed: () => readAgain(false),
    counters: feedCounters,
  })
  const stopped = untilStopped()
  // Last: whoever reads that it is ready may send a signal at once.
  announceListening(
    resolver,
    ({ kind = 'udp', path = '' }, place) => `answering on ${kind === 'udp' ? '' : `${kind}://`}${place}${path}`,
    options.json === true,
  )
  if (isWorker()) sayReady({ endpoints: resolver.endpoints, metrics: resolver.metrics })
  await stopped
  process.off('SIGHUP', reload)
  await resolver.drain()
  if (isWorker()) sayDone()
  return 0
}

async function certificateOf(options: Options, listen: readonly ListenEndpoint[]): Promise<Certificate | null> {
  const { cert, key } = options
  const secure = listen.find(({ kind }) => kind === 'tls' || kind === 'https')
  if (cert !== undefined && key !== undefined) return await readCertificate(cert, key)
  if (cert === undefined && key === undefined && secure === undefined) return null
  throw new SallyportError('usage', `--listen ${secure?.kind ?? 'tls'}:// needs --cert and --key`)
}
