import { Command } from 'commander'
import {
  formatGatewayMetrics,
  gatewayGuarding,
  MAKE_WAY,
  plannedGateway,
  type GatewayGuardOptions,
} from '@sallyport/agent'
import { formatMetrics } from '@sallyport/dns'
import { isPrefix, parsePrefix, type Prefix } from '@sallyport/net'
import { SallyportError } from '@sallyport/policy'
import { addGuardedOptions, type GuardedOptions } from '../input/guarded-options.ts'
import { examples, repeatable } from '../input/options.ts'
import { guardedService } from '../input/guarded-service.ts'
import { printJson } from '../output/print.ts'
import { serveGuarded, tell } from '../serve-guarded.ts'
import { guardSignal } from '../guard-signal.ts'

type Options = GuardedOptions & {
  readonly lan: string
  readonly wan: string
  readonly network: readonly string[]
  readonly nat?: boolean
  readonly nat6?: boolean
  readonly ftp?: boolean
  readonly offload?: boolean
  readonly clients?: string
  readonly leases: readonly string[]
  readonly maxFlows?: string
  readonly dryRun?: boolean
}

const MOST_FLOWS = 16_777_216

export function gatewayCommand(): Command {
  const command = new Command('gateway')
    .description('guard what passes from one network to another; nothing is stopped unless told')
    .requiredOption('--lan <interface>', 'the interface of the network that is guarded')
    .requiredOption('--wan <interface>', 'the interface by which it leaves')
  return addGuardedOptions(command)
    .addOption(repeatable('--network <prefix>', 'a prefix behind --lan, instead of what its routes say'))
    .option('--nat', 'IPv4 leaves with the address of --wan')
    .option('--nat6', 'IPv6 too')
    .option('--ftp', 'follow FTP, so that its servers may open the connections that it names')
    .option('--offload', 'large allowed flows pass netfilter by, whatever rules others have there')
    .option('--no-offload', 'every packet goes through netfilter; by default while others have rules there')
    .option('--clients <file>', 'who has which address: users, devices, tags')
    .addOption(repeatable('--leases <file>', 'leases of dnsmasq, dhcpd or Kea, by which clients are known'))
    .option('--max-flows <number>', 'flows whose verdict is kept; 262144 unless given')
    .option('--dry-run', 'print what would be set up, as JSON, and change nothing')
    .addHelpText(
      'after',
      examples(
        'sallyport gateway --lan lan0 --wan wan0 --nat --policy office.yaml',
        'sallyport gateway --lan lan0 --wan wan0 --policy office.yaml --mode enforce --clients clients.yaml --leases /var/lib/misc/dnsmasq.leases',
        'sallyport gateway --lan lan0 --wan wan0 --policy office.yaml --mode enforce --offload',
        'sallyport gateway --lan lan0 --wan wan0 --dry-run',
      ),
    )
    .action(async (options: Options) => gateway(options))
}

async function gateway(options: Options): Promise<void> {
  const settings: Omit<GatewayGuardOptions, 'onFlow'> = {
    lan: options.lan,
    wan: options.wan,
    networks: options.network.map(networkOf),
    masquerade: { ipv4: options.nat === true || options.nat6 === true, ipv6: options.nat6 === true },
    ftp: options.ftp === true,
    offload: options.offload === undefined ? 'auto' : options.offload ? 'on' : 'off',
    clientsFile: options.clients ?? null,
    leaseFiles: options.leases,
    maxFlows: options.maxFlows === undefined ? null : flowCount(options.maxFlows),
    serviceFor: guardedService(options.upstream),
    onNotice: tell,
  }
  if (options.lan === options.wan) throw new SallyportError('usage', '--lan and --wan are one interface')
  if (options.dryRun === true) return printJson(plannedGateway(settings, options.mode === 'enforce'))
  const stopped = guardSignal()
  const guarding = gatewayGuarding(settings)
  const metricsText = (): string => {
    const all = guarding.statistics()
    return all === null ? '' : formatGatewayMetrics(all) + formatMetrics(all.dns)
  }
  await serveGuarded(options, guarding, stopped, metricsText)
  // What enforces is still attached, and would hold this process up.
  if (stopped.reason === MAKE_WAY) process.exit()
}

function networkOf(text: string): Prefix {
  const prefix = parsePrefix(text)
  if (isPrefix(prefix)) return prefix
  throw new SallyportError('usage', `--network "${text}" is no prefix`)
}

function flowCount(text: string): number {
  const count = /^\d{1,9}$/.test(text) ? Number(text) : 0
  if (count >= 1024 && count <= MOST_FLOWS) return count
  throw new SallyportError('usage', `--max-flows "${text}" is not a number from 1024 to ${MOST_FLOWS}`)
}
