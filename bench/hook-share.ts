import { execFile, execFileSync } from 'node:child_process'
import { join } from 'node:path'
import { promisify } from 'node:util'

const SAMPLES_A_SECOND = '1999'
/** Both ends of a stream, and what handles packets that nobody's time was left for. */
const OF_STREAM = 'iperf3,ksoftirqd/0,ksoftirqd/1,ksoftirqd/2,ksoftirqd/3'
/** Where the kernel lets others look at a packet: netfilter, the programs of a cgroup, those of an interface. */
const HOOKS = /\b(?:nf_hook_slow|__cgroup_bpf_run_filter_skb|tcf_classify|tcx_run)\b/
/** What interrupted whatever is below it in a stack. */
const INTERRUPTED = /\b(?:handle_softirqs|__do_softirq|asm_\w+)\b/
const OUTPUT_BYTES = 2 ** 28

/**
 * How much of a stream's processor time is spent in hooks, in per cent, while something is done: samples of the stacks of all
 * processors. What else the machine does takes octets from a second, but no part of a stream's own time.
 */
export async function shareInHooks(
  directory: string,
  seconds: number,
  during: () => Promise<unknown>,
): Promise<number> {
  const file = join(directory, 'perf.data')
  const record = ['record', '-q', '-a', '-g', '-e', 'cpu-clock', '-F', SAMPLES_A_SECOND, '-o', file]
  await Promise.all([promisify(execFile)('perf', [...record, 'sleep', String(seconds)]), during()])
  const script = ['script', '-i', file, '--comm', OF_STREAM, '-F', 'comm,ip,sym']
  const text = execFileSync('perf', script, {
    encoding: 'utf8',
    maxBuffer: OUTPUT_BYTES,
    stdio: ['ignore', 'pipe', 'ignore'],
  })
  const stacks = text.split('\n\n').filter((stack) => stack.trim() !== '')
  return (100 * stacks.filter((stack) => HOOKS.test(stack.split(INTERRUPTED, 1)[0]!)).length) / stacks.length
}
