import cluster from 'node:cluster'
import { availableParallelism } from 'node:os'
import { join } from 'node:path'
import { Command, Option } from 'commander'
import { serveMetrics } from '@sallyport/dns'
import { ACCESS_LOG_FORMATS, addCounts, formatProxyMetrics, proxySamples } from '@sallyport/proxy'
import { SallyportError } from '@sallyport/policy'
import type { Sample } from '@sallyport/wire'
import { FeedRefresh, fetchMissingFeeds } from '../input/feed-refresh.ts'
import { examples, feedOption, jsonOption, repeatable } from '../input/options.ts'
import { readPolicyInForce } from '../input/policy-files.ts'
import { stateDirectory } from '../input/state-directory.ts'
import { parseEndpoint } from '../input/resolver-addresses.ts'
import { FeedCounters, formatFeedMetrics } from '../output/feed-metrics.ts'
import { otlpHeaders, OtlpExport, parseOtlpUrl } from '../output/otlp-export.ts'
import { announceListening } from '../output/listening-at.ts'
import { note } from '../output/print.ts'
import type { ProxyCommandOptions } from '../proxy/proxy-options.ts'
import { startProxyProcess } from '../proxy/proxy-process.ts'
import { runProxyWorker } from '../proxy/proxy-worker.ts'
import { startProxyWorkers, type ProxyWorkers } from '../proxy/proxy-workers.ts'
import { inTurn } from '../in-turn.ts'
import { untilStopped } from '../stop-signal.ts'
import type { Answer } from './answer.ts'

export function proxyCommand(answer: Answer): Command {
  return new Command('proxy')
    .description('forward proxy for HTTP, CONNECT and SOCKS 5; what the policy does not allow does not pass')
    .addOption(repeatable('--listen <address:port>', 'where to listen; every protocol on every address'))
    .addOption(repeatable('--policy <file>', 'a policy file; several are layers'))
    .addOption(feedOption())
    .addOption(repeatable('--upstream <server>', 'a DNS server to ask; those of /etc/resolv.conf unless given'))
    .option('--cert <file>', 'certificate chain for https:// addresses to listen on, in PEM')
    .option('--key <file>', 'its private key, in PEM')
    .option('--client-ca <file>', 'authorities of client certificates, which https:// addresses then ask for')
    .option('--users <file>', 'users with bcrypt hashes, as htpasswd -B writes them')
    .option('--jwks <file-or-url>', 'keys that sign bearer tokens')
    .option('--jwt-issuer <text>', 'who must have issued a token')
    .option('--jwt-audience <text>', 'whom a token must be for')
    .option('--keytab <file>', 'keys of the service HTTP of this proxy; clients log in by Kerberos (Negotiate)')
    .addOption(repeatable('--kerberos-realm <realm>', 'a realm whose users are taken beside those of the keys'))
    .option('--kerberos-bind', 'take no ticket over TLS that is not bound to the connection')
    .option('--anonymous', 'let clients without credentials ask too, as nobody')
    .option('--local-clients', 'know user, application and unit behind connections from this host')
    .addOption(repeatable('--proxy-header-from <prefix>', 'load balancers whose connections begin with a PROXY header'))
    .addOption(
      repeatable(
        '--parent <proxy>',
        'a proxy to go through: [DOMAIN=]SCHEME://[USER:PASSWORD@]HOST[:PORT], by http, https, socks5 or socks5h',
      ),
    )
    .option('--tls-inspect <file>', 'key and certificate that decrypt what rules ask for; made when it is not there')
    .addOption(repeatable('--spare <domain>', 'a domain that is never decrypted'))
    .addOption(
      repeatable('--spare-category <name>', 'a category that is never decrypted; finance and health unless given'),
    )
    .option('--spare-pinned', 'leave hosts alone whose client refuses the certificate again and again')
    .option('--server-ca <file>', 'authorities of servers, beside the usual ones')
    .addOption(repeatable('--crl <file>', 'a list of revoked certificates of servers, in PEM or DER'))
    .option('--detectors <file>', 'detectors of content beside those that are built in, as YAML')
    .option('--icap-request <url>', 'a content service to ask about requests: icap://HOST[:PORT]/SERVICE')
    .option('--icap-response <url>', 'a content service to ask about answers')
    .addOption(
      new Option('--icap-fail <how>', 'whether what it could not be asked about passes')
        .choices(['closed', 'open'])
        .default('closed'),
    )
    .option('--metrics <address:port>', 'serve Prometheus metrics there, at /metrics')
    .option('--otlp <url>', 'send metrics to an OpenTelemetry collector, by OTLP over HTTP')
    .option('--access-log <file>', 'write every request as a line; - is the standard output')
    .addOption(
      new Option('--access-log-format <format>', 'how a line looks').choices(ACCESS_LOG_FORMATS).default('json'),
    )
    .option(
      '--record <dir>',
      'spool a flow for each request, for `sallyport flows`, here',
      join(stateDirectory(), 'spool'),
    )
    .option('--no-record', 'spool no flows')
    .option('--workers <count>', 'processes that share the work; one for each core unless given')
    .addOption(repeatable('--limit <name=number>', 'another bound than the usual one'))
    .addOption(jsonOption())
    .addHelpText(
      'after',
      examples(
        'sallyport proxy --listen 127.0.0.1:3128 --policy office.yaml --access-log -',
        'sallyport proxy --listen 127.0.0.1:3128 --policy office.yaml --tls-inspect ca.pem --spare .bank.example',
        'sallyport proxy --listen 192.0.2.1:3128 --policy office.yaml --keytab /etc/sallyport/http.keytab --users users',
        'sallyport proxy --listen 127.0.0.1:3128 --policy office.yaml --icap-request icap://127.0.0.1/dlp --icap-response icap://127.0.0.1/avscan',
        'sallyport proxy --listen 192.0.2.1:3128 --policy org.yaml --policy team.yaml --metrics 127.0.0.1:9154 --access-log /var/log/sallyport/access.log --access-log-format squid',
      ),
    )
    .action(async (options: ProxyCommandOptions) =>
      answer(await (cluster.isWorker ? runProxyWorker(options) : proxy(options))),
    )
}

/** Runs until SIGTERM or SIGINT; SIGHUP reads policy, feeds and users again. */
async function proxy(options: ProxyCommandOptions): Promise<number> {
  if (options.listen.length === 0) {
    throw new SallyportError('usage', 'nothing says where to listen', {
      remedy: 'Give --listen ADDRESS:PORT, for example --listen 127.0.0.1:3128.',
    })
  }
  if (options.policy.length > 0)
    await fetchMissingFeeds(options.feed, await readPolicyInForce(options.policy, options.feed))
  const otlp = options.otlp === undefined ? null : parseOtlpUrl(options.otlp)
  await using running = await start(options, workerCount(options.workers))
  const counters = new FeedCounters()
  const text = async (): Promise<string> =>
    formatProxyMetrics(addCounts(await running.counts())) + formatFeedMetrics(counters)
  const listen = options.metrics === undefined ? null : parseEndpoint('--metrics', options.metrics)
  const samples = async (): Promise<readonly Sample[]> => proxySamples(addCounts(await running.counts()))
  using exported =
    otlp === null
      ? null
      : new OtlpExport(otlp, otlpHeaders(process.env['OTEL_EXPORTER_OTLP_HEADERS']), 'sallyport-proxy', samples)
  await using metrics = listen === null ? null : await serveMetrics(listen, text)
  const readAgain = inTurn(async (): Promise<void> => {
    await running.reload()
    note('sallyport: policy, feeds and users are read again')
  })
  const reload = (): void =>
    void readAgain().catch((error: Error) => note(`sallyport: kept the policy in force: ${error.message}`))
  process.on('SIGHUP', reload)
  using _refresh = new FeedRefresh({
    policy: () => readPolicyInForce(options.policy, options.feed),
    feeds: options.feed,
    changed: readAgain,
    counters,
  })
  const stopped = untilStopped()
  // Last: whoever reads that it is ready may send a signal at once.
  announceListening(
    { endpoints: running.endpoints, metrics: metrics?.endpoint ?? null },
    (_, place) => `proxy for HTTP and SOCKS 5 on ${place}`,
    options.json === true,
  )
  await stopped
  process.off('SIGHUP', reload)
  // While there are workers to be asked.
  await exported?.send()
  await running.drain()
  return 0
}

async function start(options: ProxyCommandOptions, workers: number): Promise<ProxyWorkers> {
  if (workers > 1) return startProxyWorkers(options, workers)
  const alone = await startProxyProcess(options, null, [])
  return {
    endpoints: alone.endpoints,
    counts: async () => [alone.counts()],
    reload: () => alone.reload(),
    drain: () => alone.drain(),
    [Symbol.asyncDispose]: () => alone[Symbol.asyncDispose](),
  }
}

function workerCount(text: string | undefined): number {
  if (text === undefined) return availableParallelism()
  if (/^[1-9]\d{0,2}$/.test(text)) return Number(text)
  throw new SallyportError('usage', `--workers "${text}" is not a number from 1 to 999`)
}
