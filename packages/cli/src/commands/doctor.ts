import { Command } from 'commander'
import { checkUnprivileged, probeMachine, type Probe } from '@sallyport/kernel'
import { examples, jsonOption } from '../input/options.ts'
import { printJson, printLine } from '../output/print.ts'
import { styled } from '../output/style.ts'
import type { Answer } from './answer.ts'

/** Without these nothing is enforced for root; the rest opens more ways. */
const REQUIRED: readonly string[] = [
  'root',
  'capabilities',
  'btf',
  'cgroup2',
  'libbpf',
  'object',
  'cgroup_sock',
  'cgroup_sock_addr',
  'cgroup_skb',
  'cgroup_sockopt',
  'programs',
  'setpriv',
]

export function doctorCommand(answer: Answer): Command {
  return new Command('doctor')
    .description('what this machine offers for enforcement, what is missing, how to get it')
    .addOption(jsonOption())
    .addHelpText('after', examples('sallyport doctor', 'sallyport doctor --json'))
    .action((options: { readonly json?: boolean }) => {
      const probes = probeMachine()
      const ready = process.getuid?.() === 0 ? readyForRoot(probes) : checkUnprivileged().ok
      if (options.json === true) printJson({ ready, probes })
      else printProbes(probes, ready)
      answer(ready ? 0 : 3)
    })
}

function readyForRoot(probes: readonly Probe[]): boolean {
  return REQUIRED.every((name) => probes.some((probe) => probe.name === name && probe.state === 'ok'))
}

function printProbes(probes: readonly Probe[], ready: boolean): void {
  for (const probe of probes) {
    printLine(`${mark(probe)}  ${probe.name.padEnd(18)} ${probe.detail}`)
    if (probe.remedy !== '') printLine(`         ${''.padEnd(18)} ${styled('dim', probe.remedy)}`)
  }
  printLine(ready ? 'This machine can enforce policies.' : 'This machine cannot enforce policies yet.')
}

function mark({ name, state }: Probe): string {
  if (state === 'ok') return styled('green', 'ok     ')
  if (state === 'untried') return styled('dim', 'untried')
  return process.getuid?.() === 0 && REQUIRED.includes(name) ? styled('red', 'missing') : styled('yellow', 'absent ')
}
