import type { FlowGroup } from '@sallyport/flow'
import { bytesText } from './bytes-text.ts'
import { countOf } from './count-of.ts'
import { printable, styled } from './style.ts'

export type RunSummary = {
  readonly command: readonly string[]
  readonly exitCode: number
  readonly signal: string | null
  readonly durationMs: number
  readonly way: 'cgroup' | 'namespace'
  readonly groups: readonly FlowGroup[]
  /** Flows that happened but are not in `groups`. */
  readonly uncounted: number
}

const MAX_LINES = 20

/** What left, what was stopped and why, and how to allow it. */
export function describeRun(summary: RunSummary): string {
  const left = summary.groups.filter((group) => group.verdict.verdict === 'allow')
  const watched = summary.groups.filter(
    (group) => group.verdict.verdict !== 'allow' && group.verdict.mode === 'monitor',
  )
  const stopped = summary.groups.filter(
    (group) => group.verdict.verdict !== 'allow' && group.verdict.mode === 'enforce',
  )
  const lines = [
    headline(summary),
    ...section('left', 'green', left),
    ...section('left, but would be stopped', 'yellow', watched),
    ...section('stopped', 'red', stopped),
    ...hint([...stopped, ...watched]),
  ]
  if (summary.groups.length === 0) lines.push('  nothing tried to leave')
  if (summary.uncounted > 0) lines.push(`  and ${summary.uncounted} more flows that are not listed`)
  return `${lines.join('\n')}\n`
}

function headline({ command, exitCode, signal, durationMs, way }: RunSummary): string {
  const name = printable(command.join(' ').replace(/\s+/g, ' '))
  const shown = name.length > 60 ? `${name.slice(0, 59)}…` : name
  const end = signal === null ? `exit ${exitCode}` : `ended by ${signal}`
  const where = way === 'namespace' ? ', in a namespace of its own' : ''
  return `${styled('bold', 'sallyport:', process.stderr)} ${shown}: ${end} after ${duration(durationMs)}${where}`
}

function duration(ms: number): string {
  const seconds = ms / 1000
  if (seconds < 60) return `${seconds.toFixed(1)} s`
  const minutes = Math.floor(seconds / 60)
  return minutes < 60
    ? `${minutes} min ${Math.round(seconds % 60)} s`
    : `${Math.floor(minutes / 60)} h ${minutes % 60} min`
}

function section(title: string, colour: 'green' | 'yellow' | 'red', groups: readonly FlowGroup[]): readonly string[] {
  if (groups.length === 0) return []
  const shown = groups.slice(0, MAX_LINES)
  const rows = shown.map((group) => [
    destination(group),
    group.udpToo ? `${group.port} (udp too)` : group.port,
    times(group),
    carried(group),
    why(group),
  ])
  const widths = [0, 1, 2, 3].map((column) => Math.max(...rows.map((row) => row[column]!.length)))
  const more = groups.length - shown.length
  return [
    `  ${styled(colour, title, process.stderr)}`,
    ...rows.map((row) => `    ${row.map((cell, column) => cell.padEnd(widths[column] ?? 0)).join('  ')}`.trimEnd()),
    ...(more > 0 ? [`    … and ${more} more`] : []),
  ]
}

function destination({ destination: name, addresses }: FlowGroup): string {
  const [first, ...others] = addresses.filter((address) => address !== name)
  if (first === undefined) return printable(name)
  return printable(`${name} (${first}${others.length > 0 ? ` +${others.length}` : ''})`)
}

function times({ count, port }: FlowGroup): string {
  const noun = port === 'name' ? 'look-up' : port === 'socket' ? 'socket' : 'connection'
  return countOf(count, noun)
}

function carried({ bytesOut, bytesIn }: FlowGroup): string {
  return bytesOut + bytesIn === 0 ? '' : `${bytesText(bytesOut)} out, ${bytesText(bytesIn)} in`
}

function why({ verdict }: FlowGroup): string {
  if (verdict.rule !== null) return printable(`rule ${verdict.rule}`)
  if (verdict.reason === 'default') return 'no rule matches'
  return verdict.reason.replaceAll('-', ' ')
}

/** Only for what nothing but the default stopped: a deny rule was meant. */
function hint(groups: readonly FlowGroup[]): readonly string[] {
  const wanted = groups.filter(({ verdict }) => verdict.reason === 'default')
  const options = [...new Set(wanted.map((group) => `--allow ${printable(allowTarget(group))}`))]
  if (options.length === 0) return []
  const shown = options.slice(0, 5).join(' ')
  return [styled('dim', `  to allow: ${shown}${options.length > 5 ? ' …' : ''}`, process.stderr)]
}

function allowTarget({ destination: name, port, addresses }: FlowGroup): string {
  const isAddress = addresses.includes(name)
  return isAddress || !port.startsWith('tcp/') || port === 'tcp/443' || port === 'tcp/80'
    ? name
    : `${name}:${port.slice(4)}`
}
