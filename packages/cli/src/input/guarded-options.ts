import { join, resolve } from 'node:path'
import { Option, type Command } from 'commander'
import { readOidcSettings } from '@sallyport/console'
import { parseTarget } from '@sallyport/deliver'
import { SallyportError, type Mode } from '@sallyport/policy'
import { isServerAddress, parsePostgresUrl, parseServerAddress } from '@sallyport/store'
import { stateOption, stateStoreOption } from './state-options.ts'
import { feedOption, jsonOption, keepBytesOption, keepDaysOption, repeatable } from './options.ts'

/** Options that every command has which guards until it is told to stop. */
export type GuardedOptions = {
  readonly policy: readonly string[]
  readonly mode?: Mode
  /** Where the console and the API answer. */
  readonly listen: string
  readonly console: boolean
  readonly feed: readonly string[]
  readonly upstream: readonly string[]
  readonly alertsTo: readonly string[]
  readonly flowsTo: readonly string[]
  /** A ClickHouse server, in place of the store in the state directory. */
  readonly store?: string
  readonly oidc?: string
  readonly keepDays: number
  readonly keepBytes?: number
  readonly state: string
  readonly stateStore?: string
  readonly report?: string
  readonly metrics?: string
  readonly json?: boolean
}

export function addGuardedOptions(command: Command): Command {
  return command
    .addOption(repeatable('--policy <file>', 'a policy file to apply at the start; several are layers'))
    .addOption(
      new Option('--mode <mode>', 'only watch, or enforce; as last applied, at first monitor').choices([
        'monitor',
        'enforce',
      ]),
    )
    .option('--report <file>', 'write every flow and its verdict as JSON Lines, too')
    .option('--metrics <address:port>', 'serve Prometheus metrics there, at /metrics')
    .option('--listen <address:port>', 'where the console and the API answer, on loopback', '127.0.0.1:7117')
    .option('--oidc <file>', 'sign in to the console with an identity provider, as the file says')
    .option('--no-console', 'neither console nor API; flows wait in the spool')
    .addOption(
      repeatable('--alerts-to <target>', 'send alerts there: a URL of https, syslog+tls, otlp+https, smtp; or @FILE'),
    )
    .addOption(repeatable('--flows-to <target>', 'send flows there, as they are stored'))
    .option('--store <url>', 'store flows on a ClickHouse server; or @FILE with its URL')
    .addOption(keepDaysOption())
    .addOption(keepBytesOption())
    .addOption(feedOption())
    .addOption(
      repeatable('--upstream <server>', 'a DNS server to ask, or DOMAIN=SERVER, in place of the policy and this host'),
    )
    .addOption(stateOption())
    .addOption(stateStoreOption())
    .addOption(jsonOption())
}

/** What is wrong with the file is known before anything is guarded. */
export function checkedOidc({ oidc, console: hasDesk }: GuardedOptions): string | null {
  if (oidc === undefined) return null
  if (!hasDesk) throw new SallyportError('usage', 'nobody signs in with --no-console')
  readOidcSettings(oidc)
  return resolve(oidc)
}

/** Beside the other state, unless it is a database's. */
export function checkedStore({ state, stateStore }: GuardedOptions): string {
  if (stateStore === undefined) return join(state, 'state.db')
  parsePostgresUrl(stateStore)
  return stateStore
}

/** As they were given; what is wrong with one is known before anything is guarded. */
export function checkedTargets({
  alertsTo,
  flowsTo,
  console: hasDesk,
}: GuardedOptions): Pick<GuardedOptions, 'alertsTo' | 'flowsTo'> {
  for (const text of alertsTo) parseTarget(text)
  for (const text of flowsTo)
    if (parseTarget(text).kind === 'mail') throw new SallyportError('usage', 'flows are not sent by mail')
  if (!hasDesk && alertsTo.length + flowsTo.length > 0)
    throw new SallyportError('usage', 'nothing is sent with --no-console: the process that would send does not run')
  return { alertsTo, flowsTo }
}

/** Null: what is safe on the disk of this host, and on a server nothing. */
export function checkedKeepBytes({ store, keepBytes, console: hasDesk }: GuardedOptions): number | null {
  if (keepBytes === undefined) return null
  if (!hasDesk)
    throw new SallyportError('usage', 'nothing is removed with --no-console: the process that would does not run')
  if (store !== undefined && (parseServerAddress(store).cluster ?? null) !== null)
    throw new SallyportError('usage', '--keep-bytes does not count what a cluster takes', {
      remedy: 'Use --keep-days.',
    })
  return keepBytes
}

/** As it was given: the desk reads what it names. */
export function checkedFlowStore({ store, console: hasDesk }: GuardedOptions): string | null {
  if (store === undefined) return null
  if (!isServerAddress(store))
    throw new SallyportError('usage', `"${store}" is no URL of a ClickHouse server`, {
      remedy: 'Write https://USER@HOST:8443/DATABASE or @FILE; the store in a directory lies in that of --state.',
    })
  parseServerAddress(store)
  if (!hasDesk)
    throw new SallyportError('usage', 'nothing is stored with --no-console: the process that would does not run')
  return store
}
